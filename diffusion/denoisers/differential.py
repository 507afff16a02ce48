"""Differential diffusion: keep the latents of earlier dreams; a change map gives the number of steps for each pixel.

Differential Diffusion (arXiv 2306.00950) overwrites a kept pixel with its original, noised to the current level, before each model
call. Here the denoiser returns the original as its prediction D instead. (x - D)/sigma is then the noise that the run started with, so
every solver follows the same trajectory, and no solver has to know about it.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from diffusion.sampling.denoiser import Denoise, Prediction, predict
from diffusion.sampling.schedules import Timeline


def keep_threshold(change: Tensor, step: int, steps: int) -> Tensor:
    """1 where a pixel is kept at `step` of the *full* schedule: change < 1 - step/steps (alg. 1, with 1 for a free pixel)."""
    return (change < 1 - step / steps).to(change.dtype)


def keep_soft(change: Tensor, step: int, steps: int) -> Tensor:
    """The fraction of this step for which a pixel is kept: clip(steps·(1 - change) - step, 0, 1).

    Over a run it sums to exactly steps·(1 - change) steps, where `keep_threshold` rounds up, so it also works with a single step.
    """
    return (steps * (1 - change) - step).clamp(0, 1)


# name → (change [h,w], step, steps) → how much of the guide latents is kept at this step, [h,w] in 0..1.
CHANGE_FORMS: dict[str, Callable[[Tensor, int, int], Tensor]] = {"soft": keep_soft, "threshold": keep_threshold}


def with_memory(denoise: Denoise, memory: Tensor, change: Tensor, timeline: Timeline, form: str) -> Denoise:
    """A denoiser that returns k·memory + (1 - k)·D, with k from the change map.

    memory: [1,C,h,w], the guide latents; change: [h,w], 0 kept to 1 free; form: key of CHANGE_FORMS.
    """
    keep_at = CHANGE_FORMS[form]

    def kept(x: Tensor, sigma: float) -> Prediction:
        prediction = predict(denoise, x, sigma)
        keep = keep_at(change, timeline.step_index(sigma), timeline.steps)
        if not bool(keep.any()):
            return prediction
        denoised = torch.lerp(prediction.denoised, memory, keep)
        if prediction.anchor is prediction.denoised:
            return Prediction(denoised, denoised)
        return Prediction(denoised, torch.lerp(prediction.anchor, memory, keep))

    return kept


def initial_x(noise: Tensor, sigma: float, memory: Tensor | None, known: Tensor) -> Tensor:
    """The x that a run starts from: noise at level sigma, added to the guide latents where they are known. known: bool [h,w]."""
    if memory is None:
        return noise * sigma
    return torch.where(known, memory, torch.zeros_like(memory)) + noise * sigma


def paste_back(result: Tensor, memory: Tensor, change: Tensor) -> Tensor:
    """The result with every kept pixel (change 0) restored bit for bit, as rounding in the solver changes it slightly."""
    return torch.where(change == 0, memory, result)
