"""Sampling: noise levels, noise, the denoiser protocol, callbacks and solvers."""
