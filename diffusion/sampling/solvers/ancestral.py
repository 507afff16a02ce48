"""Solvers that replace a part of the noise at each step: Euler ancestral, DDIM(eta), DDPM, LCM."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from diffusion.sampling.callbacks import SamplerCallback
from diffusion.sampling.denoiser import Denoise, towards
from diffusion.sampling.noise import NoiseSource, noise_source
from diffusion.sampling.solvers.loop import Adjust, begin, each_step


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
    *,
    callback: SamplerCallback | None = None,
    adjust: Adjust | None = None,
    generator: torch.Generator | NoiseSource | None = None,
    eta: float = 0.0,
) -> Tensor:
    """DDIM (arXiv 2010.02502): eta 0 is deterministic, 1 is DDPM. One call a step."""
    draw = noise_source(generator, x) if eta > 0 else None
    for step, sigma, sigma_next in each_step(sigmas):
        x, prediction = begin(denoise, x, step, sigma, callback, adjust)
        down, up = ancestral_step(sigma, sigma_next, eta) if draw else (sigma_next, 0.0)
        x = towards(prediction, x, sigma, down)
        if draw and up > 0:
            x = x + up * draw(sigma, sigma_next)
    return x


def euler_ancestral(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    callback: SamplerCallback | None = None,
    adjust: Adjust | None = None,
    generator: torch.Generator | NoiseSource | None = None,
) -> Tensor:
    """k-diffusion's Euler ancestral: as much fresh noise as the true posterior has."""
    return ddim(denoise, x, sigmas, callback=callback, adjust=adjust, generator=generator, eta=1.0)


def ddpm(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    callback: SamplerCallback | None = None,
    adjust: Adjust | None = None,
    generator: torch.Generator | NoiseSource | None = None,
) -> Tensor:
    """DDPM (arXiv 2006.11239) with the posterior's variance (diffusers' "fixed_small"). In sigmas it is Euler ancestral's very map;
    both names are kept because people look for both."""
    return ddim(denoise, x, sigmas, callback=callback, adjust=adjust, generator=generator, eta=1.0)


def lcm(
    denoise: Denoise,
    x: Tensor,
    sigmas: Tensor,
    *,
    callback: SamplerCallback | None = None,
    adjust: Adjust | None = None,
    generator: torch.Generator | NoiseSource | None = None,
) -> Tensor:
    """Multistep consistency sampling (arXiv 2310.04378): predict x0, noise it anew to the next level."""
    draw = noise_source(generator, x)
    for step, sigma, sigma_next in each_step(sigmas):
        x, prediction = begin(denoise, x, step, sigma, callback, adjust)
        x = prediction.denoised
        if sigma_next > 0:
            x = x + sigma_next * draw(sigma, sigma_next)
    return x
