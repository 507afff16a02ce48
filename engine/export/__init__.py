"""A painted world for other programs: one GLB file, or a folder with a web page to walk in."""
