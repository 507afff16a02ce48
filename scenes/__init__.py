"""File formats, extrusion, CPU raycaster, cameras and the built-in scenes. Imports numpy, Pillow and PyYAML only."""
