"""What a solver is told besides the noise levels: where its fresh noise comes from, and its own numbers."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from diffusion.sampling.noise import NOISES
from diffusion.sampling.schedules import Timeline
from diffusion.sampling.solvers import SAMPLERS
from diffusion.settings import SamplingSettings


def solver_options(settings: SamplingSettings, noise: Tensor, timeline: Timeline) -> dict[str, Any]:
    """Keywords for the solver `settings.sampler`. noise: [B,C,h,w], what the run starts from."""
    sampler = SAMPLERS[settings.sampler]
    options = {name: getattr(settings, name) for name in sampler.options}
    if sampler.stochastic:
        lowest, highest = timeline.sigmas[-2], timeline.sigmas[0]
        options["generator"] = NOISES[settings.noise](noise, settings.seed, lowest, highest * 1.001)
    return options
