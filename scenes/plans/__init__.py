"""The floor plans of the built-in scenes: one file each, drawn by `python -m scenes.draw`."""
