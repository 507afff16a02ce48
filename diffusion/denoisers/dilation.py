"""Dilated sampling (DemoFusion, arXiv 2311.16973, sec. 3.4): a model that gets every s-th pixel sees a large canvas as a whole."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from diffusion.denoisers.masks import blur
from diffusion.sampling.denoiser import Denoise, Prediction, predict
from diffusion.sampling.schedules import Timeline


def take_lattice(image: Tensor, stride: int, offset: int) -> Tensor:
    """A view of every stride-th pixel of [...,h,w]. offset: row·stride + column of the first pixel."""
    return image[..., offset // stride :: stride, offset % stride :: stride]


def smooth_noise(x: Tensor, sigma: float) -> Tensor:
    """[B,C,h,w] blurred by `sigma` pixels, with its mean and standard deviation restored, so that neighbouring lattices see similar
    noise."""
    if sigma <= 0:
        return x
    blurred = blur(x.flatten(0, 1), sigma).view_as(x)
    axes = (-2, -1)
    gain = x.std(axes, keepdim=True) / blurred.std(axes, keepdim=True).clamp_min(1e-8)
    return (blurred - blurred.mean(axes, keepdim=True)) * gain + x.mean(axes, keepdim=True)


def with_dilation(
    near: Denoise, lattices: Sequence[Denoise], stride: int, timeline: Timeline, alpha: float = 1.0
) -> Denoise:
    """A denoiser that returns c2·(predictions of the stride² lattices, interleaved) + (1 - c2)·(prediction of the canvas itself).

    c2 falls from 1 to 0 as a cosine raised to `alpha`. near: the denoiser of the canvas itself (often in windows);
    lattices: stride² denoisers, one for each lattice.
    """

    def denoise(x: Tensor, sigma: float) -> Prediction:
        local = predict(near, x, sigma)
        share = ((1 + math.cos(math.pi * timeline.progress(sigma))) / 2) ** alpha
        if share < 1e-3:
            return local
        seen, far = smooth_noise(x, share), torch.empty_like(x)
        for offset, other in enumerate(lattices):
            take_lattice(far, stride, offset).copy_(predict(other, take_lattice(seen, stride, offset), sigma).denoised)
        denoised = torch.lerp(local.denoised, far, share)
        if local.anchor is local.denoised:
            return Prediction(denoised, denoised)
        return Prediction(denoised, local.anchor)

    return denoise
