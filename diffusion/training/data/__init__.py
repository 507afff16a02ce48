"""Training data: procedural materials, scenes, captions, and the latents cached from them."""
