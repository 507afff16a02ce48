"""The latent volume: pages, gathering a view from them, scattering a view into them."""
