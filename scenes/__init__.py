"""Scenes: file formats, extrusion, a CPU raycaster, cameras and the built-in scenes. Imports no torch and no GL."""
