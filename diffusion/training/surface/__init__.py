"""Training of the networks that know surfaces: autoencoder, perceptual features, denoiser."""
