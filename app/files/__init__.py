"""The explorer's files: journals, presets, preferences, screenshots, the gallery, and files dropped on the window."""
