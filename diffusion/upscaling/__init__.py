"""Enlarging pictures by networks that were trained for it: the embedded one, and files of others."""
