"""Perlin noise in mixing: in the weights, in the coarse latents, or in their noise, as in the iterative mixing nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from base.step_schedule import largest, value_at
from diffusion.sampling.perlin import perlin
from diffusion.settings import DreamSettings


@dataclass(frozen=True)
class PerlinMix:
    """The changes by Perlin noise. weight: [h,w] or a number, factor of the coarse latent's weight

    latents: [1,C,h,w] or a number, added to the coarse latents; noise: unit normal noise [1,C,h,w] → the noise to add to them
    """

    weight: Tensor | float = 1.0
    latents: Tensor | float = 0.0
    noise: Callable[[Tensor], Tensor] = lambda drawn: drawn


def vary_weights(pattern: Tensor, strength: float) -> PerlinMix:
    """Multiply the weights by 1 + strength·(p - 1), p in 0..1."""
    return PerlinMix(weight=1 + strength * (pattern[0, 0] - 1))


def change_latents(pattern: Tensor, strength: float) -> PerlinMix:
    """Add strength·(2·p - 1), p in 0..1, to the coarse latents, with a different p for each channel."""
    return PerlinMix(latents=strength * (2 * pattern - 1))


def match_noise(pattern: Tensor, strength: float) -> PerlinMix:
    """Blend the noise with Perlin noise of equal mean and deviation, different for each channel: sqrt(1 - s)·n + sqrt(s)·p."""
    axes = (-2, -1)
    unit = (pattern - pattern.mean(axes, keepdim=True)) / pattern.std(axes, keepdim=True, correction=0).clamp_min(1e-6)

    def blended(drawn: Tensor) -> Tensor:
        deviation = drawn.std(axes, keepdim=True, correction=0)
        matched = unit * deviation + drawn.mean(axes, keepdim=True)
        return (1 - strength) ** 0.5 * drawn + strength**0.5 * matched

    return PerlinMix(noise=blended)


# name → (Perlin noise [1,C,h,w] in 0..1, strength 0..1) → its changes.
PERLIN_MODES: dict[str, Callable[[Tensor, float], PerlinMix]] = {
    "weights": vary_weights,
    "latents": change_latents,
    "matched_noise": match_noise,
}


def make_perlin_mix(like: Tensor, settings: DreamSettings) -> Callable[[float], PerlinMix]:
    """Position in the run, 0..1 → the changes by Perlin noise there, for latents like `like`, [1,C,h,w]."""
    if largest(settings.mix_perlin) == 0:
        return lambda place: PerlinMix()
    channels, height, width = like.shape[-3:]
    seeds = range(settings.seed, settings.seed + channels)
    pattern = torch.stack([perlin(height, width, settings.mix_perlin_scale, seed % 2**31) for seed in seeds])
    change, pattern = PERLIN_MODES[settings.mix_perlin_mode], pattern[None].to(like)
    return lambda place: change(pattern, value_at(settings.mix_perlin, place))
