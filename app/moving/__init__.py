"""Camera movement: walking, flying, paths, films."""
