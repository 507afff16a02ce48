"""Noise for stochastic solvers: seeded, anchored to the surface, or Brownian; each a function (sigma, sigma_next) -> unit normal noise."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

# (sigma, sigma_next) → float [B,C,h,w], unit normal: the noise of the path between two levels.
NoiseSource = Callable[[float, float], Tensor]


def seeded_noise(like: Tensor, generator: torch.Generator | None) -> NoiseSource:
    """Fresh noise at every call, drawn in order from one generator (None: a new one, seed 0). The generator lives on the CPU,
    so that a seed means the same on every device."""
    source = generator if generator is not None else torch.Generator().manual_seed(0)

    def draw(sigma: float, sigma_next: float) -> Tensor:
        drawn = torch.randn(like.shape, generator=source, device=source.device)
        return drawn.to(like.device, like.dtype)

    return draw


def surface_noise(anchor: Tensor, seed: int = 0) -> NoiseSource:
    """Noise anchored to the surface: a hash of the texel's own noise value, the seed and the two levels.

    anchor: float32 [B,C,h,w], the surface's noise. A texel seen in two views gets the same noise in both at the same levels.
    """
    bits = anchor.detach().float().cpu().contiguous().numpy().view(np.uint32).astype(np.uint64)

    def draw(sigma: float, sigma_next: float) -> Tensor:
        levels = np.array([sigma, sigma_next], dtype=np.float64).view(np.uint64)
        salt = _mix(levels[:1] ^ _mix(levels[1:] + np.uint64(seed)))
        return normal_from_hash(_mix(bits ^ salt)).to(anchor.device, anchor.dtype)

    return draw


def brownian_noise(like: Tensor, seed: int, sigma_min: float, sigma_max: float, depth: int = 24) -> NoiseSource:
    """Increments of one Brownian path over log sigma (a virtual Brownian tree, arXiv 2001.01328): the same path for any number of steps.

    Levels outside [sigma_min, sigma_max] are clamped. Two levels that coincide after clamping give noise of their own.
    """
    low, high = math.log(sigma_min), math.log(sigma_max)
    shape = tuple(like.shape)

    def node(level: int, index: int) -> Tensor:
        generator = torch.Generator().manual_seed(
            int(_mix(np.array([seed * 1_000_003 + (level << 32) + index], np.uint64))[0] >> 1)
        )
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    def path(where: float) -> Tensor:
        """W at `where` in [0, 1], by bisection of Brownian bridges down to 2^-depth."""
        left, right, start, width, index = torch.zeros(shape, dtype=torch.float64), node(0, 0), 0.0, 1.0, 0
        for level in range(1, depth + 1):
            part = (where - start) / width
            if part <= 0 or part >= 1:
                break
            middle = (left + right) / 2 + node(level, index) * math.sqrt(width) / 2
            width, index = width / 2, index * 2
            if part < 0.5:
                right = middle
            else:
                left, start, index = middle, start + width, index + 1
        return left + (right - left) * min(max((where - start) / width, 0.0), 1.0)

    def place(sigma: float) -> float:
        return 0.0 if sigma <= 0 else min(max((math.log(sigma) - low) / (high - low), 0.0), 1.0)

    def draw(sigma: float, sigma_next: float) -> Tensor:
        here, there = place(sigma), place(sigma_next)
        if abs(here - there) < 2.0**-depth:
            return node(depth + 1, int(here * 2**depth)).to(like.device, like.dtype)
        return ((path(there) - path(here)) / math.sqrt(abs(there - here))).to(like.device, like.dtype)

    return draw


def as_noise_source(generator: torch.Generator | NoiseSource | None, like: Tensor) -> NoiseSource:
    """A solver's `generator` as a noise source: a torch generator becomes a seeded one, a source stays as it is."""
    if generator is None or isinstance(generator, torch.Generator):
        return seeded_noise(like, generator)
    return generator


# The choices of `DreamSettings.noise`: name → (start noise [1,C,h,w], seed, sigma_min, sigma_max) → source.
NOISES: dict[str, Callable[[Tensor, int, float, float], NoiseSource]] = {
    "surface": lambda start, seed, low, high: surface_noise(start, seed),
    "seeded": lambda start, seed, low, high: seeded_noise(start, torch.Generator().manual_seed(seed + 1)),
    "brownian": lambda start, seed, low, high: brownian_noise(start, seed, low, high),
}


def start_noise(channels: int, height: int, width: int, seed: int) -> np.ndarray:
    """float32 [C,h,w] unit normal from a seed, for pictures without a surface."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn((channels, height, width), generator=generator).numpy()


def normal_from_hash(words: np.ndarray) -> Tensor:
    """float32 unit normal from uniform uint64 words (Box-Muller on their two halves)."""
    upper = ((words >> np.uint64(32)).astype(np.float64) + 0.5) / 2**32
    lower = ((words & np.uint64(0xFFFFFFFF)).astype(np.float64) + 0.5) / 2**32
    return torch.from_numpy((np.sqrt(-2 * np.log(upper)) * np.cos(2 * np.pi * lower)).astype(np.float32))


def _mix(words: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser: every bit of the input affects every bit of the output."""
    with np.errstate(over="ignore"):
        z = words + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
