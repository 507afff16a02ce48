"""A solver's inputs besides the noise levels: its source of fresh noise, and its own options."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from base.step_schedule import StepSchedule
from diffusion.sampling.noise import NOISES
from diffusion.sampling.schedules import Timeline
from diffusion.sampling.solvers import SAMPLERS
from diffusion.settings import SamplingSettings


def solver_options(settings: SamplingSettings, noise: Tensor, timeline: Timeline) -> dict[str, Any]:
    """Keywords for the solver `settings.sampler`. noise: [B,C,h,w], what the run starts from."""
    sampler = SAMPLERS[settings.sampler]
    options = {name: _by_sigma(getattr(settings, name), timeline) for name in sampler.options}
    if sampler.stochastic:
        lowest, highest = timeline.sigmas[-2], timeline.sigmas[0]
        options["generator"] = NOISES[settings.noise](noise, settings.seed, lowest, highest * 1.001)
    return options


def _by_sigma(value: Any, timeline: Timeline) -> Any:
    """A schedule as a function of sigma, as solvers take it; a number unchanged."""
    return (lambda sigma: value.at(timeline.place(sigma))) if isinstance(value, StepSchedule) else value
