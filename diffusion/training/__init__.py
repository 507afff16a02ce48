"""Training of small latent diffusion models on captioned procedural pictures: data, VAE, U-Net, evaluation."""
