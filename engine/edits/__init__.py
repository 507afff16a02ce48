"""Changes to existing paint: by hand, and when the scene changes."""
