"""Training data: procedural materials and scenes, pictures with captions, and their captions' vocabulary."""
