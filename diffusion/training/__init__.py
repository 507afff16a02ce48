"""Training of the embedded model on captioned procedural pictures: data, autoencoder, denoiser, evaluation."""
