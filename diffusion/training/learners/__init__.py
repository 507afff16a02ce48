"""What is trained, and by which loss: autoencoder, denoiser, few-step student, segmenter, critic."""
