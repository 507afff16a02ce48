"""Find models on disk, in the hub's cache and on the hub. Imports no torch."""
