"""From noise to picture: noise levels, noise, the denoiser protocol, callbacks and the solvers."""
