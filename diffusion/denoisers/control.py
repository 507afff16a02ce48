"""When and how strongly ControlNets act."""

from __future__ import annotations

from base.step_schedule import value_at
from diffusion.sampling.schedules import Timeline
from diffusion.settings import DreamSettings


def control_strength(settings: DreamSettings, timeline: Timeline, sigma: float) -> float:
    """The strength at a noise level: 0 in steps that start before `control_start` or end after `control_end`, as in diffusers."""
    step = timeline.step_index(sigma)
    if step / timeline.steps < settings.control_start or (step + 1) / timeline.steps > settings.control_end:
        return 0.0
    return value_at(settings.control_strength, timeline.place(sigma))
