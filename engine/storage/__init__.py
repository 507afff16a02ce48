"""Worlds on disk: world files, the journal, reading and writing between frames."""
