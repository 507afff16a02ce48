"""The networks: the latent diffusion model, text encoders, attention, depth, previews."""
