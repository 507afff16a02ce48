"""The passes of a run: iterative mixing returns to an earlier step and repeats the steps from there ("rewinding")."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from diffusion.sampling.noise import surface_noise
from diffusion.sampling.schedules import Timeline
from diffusion.settings import DreamSettings


@dataclass(frozen=True, eq=False)
class Pass:
    """first_step: its first step; sigmas: float64, its noise levels, falling to 0; noise: [1,C,h,w], its start noise"""

    first_step: int
    sigmas: Tensor
    noise: Tensor


def passes_of(noise: Tensor, timeline: Timeline, first: int, end: int, settings: DreamSettings) -> Iterator[Pass]:
    """The pass from `first` to `end`, then the passes that rewind. noise: [1,C,h,w], the run's own.

    All passes use the run's noise; or, after the first one, fresh noise derived from it (`settings.mix_noise`).
    """
    rewinds = rewind_steps(timeline.steps, settings.rewind_min, settings.rewind_max)
    for number, start in enumerate((first, *(step for step in rewinds if step < end))):
        sigmas = torch.tensor((*timeline.sigmas[start:end], 0.0), dtype=torch.float64)
        own = noise
        if number and settings.mix_noise == "fresh":
            own = surface_noise(noise, settings.seed + number)(timeline.sigmas[start], 0.0)
        yield Pass(start, sigmas, own)


def rewind_steps(steps: int, first: float, last: float) -> list[int]:
    """The steps at which further passes start: at `first` of the run, then each one later by `first` of the rest, never after `last`.

    first, last: shares of the run, 0..1; first = 0 switches rewinding off. Steps are rounded down as in iterative mixing:
    12, 20, 26, 30 of 40 for 0.3 and 0.8.
    """
    starts: list[int] = []
    step = 0
    while (
        (stride := int((steps - step) * first + 1e-9)) > 0 and step + stride < steps and step + stride <= last * steps
    ):
        step += stride
        starts.append(step)
    return starts
