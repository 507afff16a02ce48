"""Solvers that replace a part of the noise at each step: Euler ancestral, DDIM(eta), DDPM, LCM."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor

from diffusion.sampling.denoiser import Denoise, step_towards
from diffusion.sampling.solvers.loop import NO_HOOKS, SolverHooks, begin_step, iterate_steps


def ancestral_step(sigma: float, sigma_next: float, eta: float = 1.0) -> tuple[float, float]:
    """(down, up): step to noise level `down`, then add `up` of fresh noise, together sigma_next.

    up² = eta²·sigma_next²·(sigma² - sigma_next²)/sigma²: DDIM's eta (arXiv 2010.02502, eq. 16) written in sigmas.
    """
    up = eta * sigma_next * math.sqrt(max(sigma**2 - sigma_next**2, 0.0)) / sigma
    return math.sqrt(max(sigma_next**2 - up**2, 0.0)), up


def ddim(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    hooks: SolverHooks = NO_HOOKS,
    *,
    eta: float | Callable[[float], float] = 0.0,
) -> Tensor:
    """DDIM (arXiv 2010.02502): eta 0 is deterministic, 1 is DDPM. One call a step. eta: a number, or a function of sigma"""
    eta_at = eta if callable(eta) else lambda sigma: eta
    draw = hooks.noise_source(x) if callable(eta) or eta > 0 else None
    for step, sigma, sigma_next in iterate_steps(sigmas):
        x, prediction = begin_step(denoise, x, step, sigma, hooks)
        down, up = ancestral_step(sigma, sigma_next, eta_at(sigma)) if draw else (sigma_next, 0.0)
        x = step_towards(prediction, x, sigma, down)
        if draw and up > 0:
            x = x + up * draw(sigma, sigma_next)
    return x


def euler_ancestral(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """k-diffusion's Euler ancestral: as much fresh noise as the true posterior has."""
    return ddim(denoise, x, sigmas, hooks, eta=1.0)


def ddpm(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """DDPM (arXiv 2006.11239) with the posterior's variance (diffusers' "fixed_small"). In sigmas it equals Euler ancestral;
    both names exist because people look for both."""
    return ddim(denoise, x, sigmas, hooks, eta=1.0)


def lcm(denoise: Denoise, x: Tensor, sigmas: Tensor, hooks: SolverHooks = NO_HOOKS) -> Tensor:
    """Multistep consistency sampling (arXiv 2310.04378): predict x0, then add fresh noise up to the next level."""
    draw = hooks.noise_source(x)
    for step, sigma, sigma_next in iterate_steps(sigmas):
        x, prediction = begin_step(denoise, x, step, sigma, hooks)
        x = prediction.denoised
        if sigma_next > 0:
            x = x + sigma_next * draw(sigma, sigma_next)
    return x
