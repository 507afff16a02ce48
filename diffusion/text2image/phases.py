"""A large picture in phases (DemoFusion, arXiv 2311.16973): each is dreamed over the enlarged previous one, as a whole and in windows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as F

from base.grid import CELL
from diffusion.canvas import Canvas, Dreamed, Guide
from diffusion.dream import dream
from diffusion.models.model import Model
from diffusion.sampling.callbacks import StepEvent
from diffusion.settings import DreamSettings

Make = Callable[[tuple[int, int], float], Canvas]
"""(size (width, height) in pixels, its share of the whole picture's side) → the canvas of a phase, without a guide."""


def phase_sizes(size: tuple[int, int], phases: int, multiple: int) -> list[tuple[int, int]]:
    """(width, height) of each phase: 1/n, 2/n, … of the last one, which is at least `size`; multiples of `multiple` times the phase."""
    first = [math.ceil(side / (phases * multiple)) * multiple for side in size]
    return [(first[0] * phase, first[1] * phase) for phase in range(1, phases + 1)]


def phase_settings(settings: DreamSettings, phase: int, phases: int, native: int) -> DreamSettings:
    """The settings of a phase, counted from 1. The first is an ordinary dream.

    Later ones are guided by the previous one (skip residual, at full strength unless `mix` is set). They cover the whole canvas on
    phase² lattices, and its parts in windows of side `native`, unless `window` is set.
    """
    last = {"capture": settings.capture if phase == phases else 0}
    if phase == 1:
        return replace(settings, mix=0.0, dilate=1, **last)
    return replace(settings, mix=settings.mix or 1.0, window=settings.window or native, dilate=phase, **last)


def enlarge(latents: Tensor, size: tuple[int, int]) -> Tensor:
    """[C,h,w] resampled to size (h, w) keeping each channel's mean and deviation, which interpolation would reduce."""
    larger = F.interpolate(latents[None], size=size, mode="bicubic", align_corners=False)[0]
    axes = (1, 2)
    gain = latents.std(axes, keepdim=True) / larger.std(axes, keepdim=True).clamp_min(1e-8)
    return (larger - larger.mean(axes, keepdim=True)) * gain + latents.mean(axes, keepdim=True)


def dream_in_phases(
    model: Model,
    make: Make,
    settings: DreamSettings,
    size: tuple[int, int],
    phases: int,
    *,
    on_step: Callable[[StepEvent], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Dreamed:
    """Dream all phases; the result is the last one's, with the calls and seconds of all. Arguments as in `dream`.

    Events count the steps of all phases.
    """
    done: list[Dreamed] = []
    for phase, larger in enumerate(phase_sizes(size, phases, model.multiple), 1):
        canvas = make(larger, phase / phases)
        if done:
            width, height = larger
            coarse = enlarge(torch.from_numpy(done[-1].latents), (height // CELL, width // CELL))
            canvas = replace(canvas, guide=Guide(latents=coarse.numpy(), known_mask=canvas.change > 0))
        native = 0 if model.knows_surfaces else model.native  # these models paint canvases of any size
        own = phase_settings(settings, phase, phases, native)
        counting = None if on_step is None else _counting(on_step, phase, phases)
        done.append(dream(model, canvas, own, on_step=counting, cancelled=cancelled))
    seconds = {part: sum(one.seconds[part] for one in done) for part in done[-1].seconds}
    return replace(done[-1], calls=sum(one.calls for one in done), seconds=seconds)


def _counting(on_step: Callable[[StepEvent], None], phase: int, phases: int) -> Callable[[StepEvent], None]:
    def count(event: StepEvent) -> None:
        on_step(replace(event, step=event.step + (phase - 1) * event.steps, steps=event.steps * phases))

    return count
