"""Changes to what is painted: by hand, and when the scene itself changes."""
