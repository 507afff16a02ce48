"""Memory: what a canvas remembers takes part in the dream as far as its change map lets it.

Differential Diffusion (arXiv 2306.00950) overwrites a kept pixel with its original, noised to the current level, before each model
call. With D := the original there, every solver walks that very trajectory by itself, for (x - D)/sigma is then the noise it began with;
so memory is a denoiser around a denoiser, and needs no hand in any solver.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from diffusion.sampling.denoiser import Denoise, Prediction, predict
from diffusion.sampling.schedules import Timeline


def threshold(change: Tensor, step: int, steps: int) -> Tensor:
    """1 where a pixel is still kept at `step` of the *full* schedule: change < 1 - step/steps (alg. 1; ours is 1 = free)."""
    return (change < 1 - step / steps).to(change.dtype)


def soft(change: Tensor, step: int, steps: int) -> Tensor:
    """The part of this step's share of the run that a pixel is kept for: clip(steps·(1 - change) - step, 0, 1).

    Summed over a run it keeps exactly steps·(1 - change) steps, where `threshold` rounds up, so it also works with one step.
    """
    return (steps * (1 - change) - step).clamp(0, 1)


# name → (change [h,w], step, steps) → how much of the memory is kept at this step, [h,w] in 0..1.
CHANGE_FORMS: dict[str, Callable[[Tensor, int, int], Tensor]] = {"soft": soft, "threshold": threshold}


def with_memory(denoise: Denoise, memory: Tensor, change: Tensor, timeline: Timeline, form: str) -> Denoise:
    """The denoiser that keeps: D = k·memory + (1 - k)·D with k from the change map. memory: [1,C,h,w]; change: [h,w]."""
    keep_at = CHANGE_FORMS[form]

    def kept(x: Tensor, sigma: float) -> Prediction:
        prediction = predict(denoise, x, sigma)
        keep = keep_at(change, timeline.step(sigma), timeline.steps)
        if not bool(keep.any()):
            return prediction
        denoised = torch.lerp(prediction.denoised, memory, keep)
        if prediction.anchor is prediction.denoised:
            return Prediction(denoised, denoised)
        return Prediction(denoised, torch.lerp(prediction.anchor, memory, keep))

    return kept


def start(noise: Tensor, sigma: float, memory: Tensor | None, known: Tensor) -> Tensor:
    """The x a run starts from: noise at level sigma, around the memory where there is one. known: bool [h,w]."""
    if memory is None:
        return noise * sigma
    return torch.where(known, memory, torch.zeros_like(memory)) + noise * sigma


def paste_back(result: Tensor, memory: Tensor, change: Tensor) -> Tensor:
    """The result with every kept pixel (change 0) as it was, bit for bit: kept pixels still pass through a last model call."""
    return torch.where(change == 0, memory, result)
