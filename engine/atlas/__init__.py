"""The latent volume: pages, what a view gathers from them, and what it writes back."""
