"""The noised sequence of a picture's latents ("unsampling"): what a run of a sampler would pass through, from noise to picture.

In iterative mixing (the ComfyUI node pack "Iterative Mixing", its Batch Unsampler) it guides a second run, one level per step.
"""

from __future__ import annotations

import torch
from torch import Tensor

from diffusion.sampling.noise import surface_noise


def make_noised_sequence(latents: Tensor, noise: Tensor, sigmas: Tensor, seed: int | None = None) -> Tensor:
    """float32 [n,C,h,w]: latents + sigma·noise for each of the sigmas [n].

    latents, noise: [C,h,w], the noise unit normal. With one noise for all levels the sequence lies on one trajectory. seed: if given,
    fresh noise at every level, derived from `noise` and the seed, as in the node pack; it leads to grain.
    """
    levels = [float(sigma) for sigma in sigmas]
    fresh = None if seed is None else surface_noise(noise[None], seed)
    drawn = [noise if fresh is None else fresh(sigma, 0.0)[0] for sigma in levels]
    return torch.stack([latents + sigma * own for sigma, own in zip(levels, drawn, strict=True)]).float()


def scale_for_model(sequence: Tensor, sigmas: Tensor) -> Tensor:
    """[n,C,h,w]: a noised sequence scaled to unit variance, as a variance-preserving model sees it. It can be decoded."""
    return sequence / (1 + sigmas.to(sequence) ** 2).sqrt()[:, None, None, None]
