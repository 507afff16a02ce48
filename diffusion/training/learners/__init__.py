"""What is trained, and by which loss: features, autoencoder with its critic, denoiser."""
