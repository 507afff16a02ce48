"""Deterministic single-step solvers of dx/dsigma = (x - D)/sigma: Euler, Heun, midpoint, Runge-Kutta 4."""

from __future__ import annotations

from torch import Tensor

from diffusion.sampling.denoiser import Denoise, predict, slope, step_towards
from diffusion.sampling.solvers.loop import NO_HOOKS, SolverHooks, begin_step, iterate_steps

# Steps across more than this ratio of sigmas use Euler. Zero-terminal-SNR models start at (nearly) infinite noise, where the error of a
# second slope is multiplied by sigma / sigma_next, while Euler's step is exact up to the change of D.
WIDEST_RATIO = 12.0
# A stage at the end of a step lies slightly above it. Denoisers that depend on the step (differential diffusion, regions, True Noise
# Removal) then assign it to its own step, not to the next one; `Timeline` distinguishes levels to 1e-9.
STILL_THIS_STEP = 1 + 1e-8


def euler(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """First order, one call a step (arXiv 2206.00364, alg. 1 without its correction). DDIM with eta 0 is the same map."""
    for step, sigma, sigma_next in iterate_steps(sigmas):
        x, prediction = begin_step(denoise, x, step, sigma, hooks)
        x = step_towards(prediction, x, sigma, sigma_next)
    return x


def heun(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """Second order, two calls a step (arXiv 2206.00364, alg. 1); the step to 0 is Euler's."""
    return _tableau(denoise, x, sigmas, hooks, ((1.0,),), (0.5, 0.5))


def midpoint(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """Second order, two calls a step: uses the slope at the middle for the whole step (RK2)."""
    return _tableau(denoise, x, sigmas, hooks, ((0.5,),), (0.0, 1.0))


def rk4(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """Fourth order, four calls a step: the classical Runge-Kutta method; the step to 0 is Euler's."""
    return _tableau(denoise, x, sigmas, hooks, ((0.5,), (0.0, 0.5), (0.0, 0.0, 1.0)), (1 / 6, 1 / 3, 1 / 3, 1 / 6))


def _tableau(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    hooks: SolverHooks,
    stages: tuple[tuple[float, ...], ...],
    weights: tuple[float, ...],
) -> Tensor:
    """An explicit Runge-Kutta method given by its Butcher tableau; a stage's position in the step is the sum of its row."""
    for step, sigma, sigma_next in iterate_steps(sigmas):
        x, prediction = begin_step(denoise, x, step, sigma, hooks)
        if sigma_next == 0 or sigma / sigma_next > WIDEST_RATIO:
            x = step_towards(prediction, x, sigma, sigma_next)
            continue
        dt = sigma_next - sigma
        slopes = [slope(prediction, x, sigma, dt)]
        for row in stages:
            there = sigma_next * STILL_THIS_STEP if sum(row) == 1 else sigma + sum(row) * dt
            moved = x + dt * _combine(row, slopes)
            slopes.append(slope(predict(denoise, moved, there), moved, there, dt))
        x = x + dt * _combine(weights, slopes)
    return x


def _combine(weights: tuple[float, ...], terms: list[Tensor]) -> Tensor:
    return sum(w * term for w, term in zip(weights, terms, strict=True) if w)  # type: ignore[return-value]
