"""Rectified flow: latents and noise joined by a straight line, whose direction the network predicts."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from diffusion.models.surface_conditions import SurfaceGeometry, harmonics, shape
from diffusion.models.surface_unet import SurfaceUNet
from diffusion.training.config import DenoiserConfig

Flow = Callable[[Tensor, Tensor], Tensor]


def noise_levels(config: DenoiserConfig, count: int, rng: np.random.Generator) -> Tensor:
    """Draw noise levels float32 [count] in 0..1: logit-normal (2403.03206), with shares of uniform ones and of pure noise."""
    t = 1 / (1 + np.exp(-(config.centre + config.spread * rng.standard_normal(count))))
    t = np.where(rng.random(count) < config.even, rng.random(count), t)
    return torch.from_numpy(np.where(rng.random(count) < config.pure, 1.0, t).astype(np.float32))


def make_flow(network: SurfaceUNet, seen: SurfaceGeometry, shares: Tensor, contexts: Tensor, told: Tensor) -> Flow:
    """Return a function (latents, t) → flow for pictures with this geometry and these prompts.

    told: [B,2], 0 where u and v, or the rest of the geometry, are withheld, else 1
    """
    place, form = (
        channels * told[:, which].view(-1, 1, 1, 1)
        for which, channels in enumerate((harmonics(seen.uv, seen.span), shape(seen)))
    )
    return lambda x, t: network(x, t, place, form, contexts, shares)


def mix_noise(latents: Tensor, noise: Tensor, t: Tensor) -> Tensor:
    """Return (1 − t)·latents + t·noise."""
    t = t.view(-1, 1, 1, 1)
    return (1 - t) * latents + t * noise


@torch.no_grad()
def sample(flow: Flow, silent: Flow, noise: Tensor, steps: int, guidance: float) -> Tensor:
    """Integrate from noise [B,C,h,w] to latents by Euler's method, guided away from `silent`, the flow of the empty prompt."""
    levels, x = torch.linspace(1, 0, steps + 1), noise
    for now, then in itertools.pairwise(levels):
        t = x.new_full((len(x),), float(now))
        along = flow(x, t)
        if guidance != 1:
            without = silent(x, t)
            along = without + guidance * (along - without)
        x = x + (then - now) * along
    return x
