"""Worlds on disk: tiles, world files, the journal, reading and writing beside the frames."""
