"""The trained networks and their losses: features, autoencoder with its critic, denoiser, upscaler."""
