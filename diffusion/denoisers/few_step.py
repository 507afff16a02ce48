"""The few-step network of a model: a distilled student that needs few steps and no guidance (docs/models.md).

A dream that runs at most as many steps as the student needs uses the student; any other dream uses the model itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from diffusion.settings import DreamSettings

FEW_STEP_CHOICES: Mapping[str, Any] = MappingProxyType(
    {
        "sampler": "ddim",
        "eta": 0.0,
        "spacing": "trailing",
        "timestep_max": 1.0,
        "timestep_min": 0.0,
        "guidance": "none",
        "cfg_rescale": 0.0,
        "norm_rescale": 0.0,
        "naive_rescale": 0.0,
        "threshold_scale": 0.0,
        "step_noise": "predicted",
        "further": (),
    }
)
"""The settings that the student was distilled for. It replaces the solver and the guidance, so other choices don't apply."""
# settings without effect under those choices
UNUSED = (
    "spacing_power",
    "noise",
    "scale",
    "cfgpp_lambda",
    "residual_delta",
    "guidance_start",
    "guidance_end",
    "threshold_percentile",
)


def run_part(settings: DreamSettings, has_guide: bool, steps: int | None = None) -> tuple[int, int]:
    """(first, end): a dream runs the steps `first` to `end` - 1, counted from 0; at least one.

    With guide latents it skips the first ones (`DreamSettings.strength`). steps: of the whole schedule, if not `settings.steps`.
    """
    steps = settings.steps if steps is None else steps
    run = max(1, round(settings.strength * settings.steps)) if has_guide else settings.steps
    first = min(max(steps - min(run, steps), settings.start_at), steps - 1)
    end = settings.end_at if first < settings.end_at < steps else steps
    return first, end


def count_steps(settings: DreamSettings, has_guide: bool) -> int:
    """The number of steps that a dream runs."""
    first, end = run_part(settings, has_guide)
    return end - first


def uses_few_step(settings: DreamSettings, few_steps: int, has_guide: bool = False) -> bool:
    """Whether a dream uses the few-step network. few_steps: the steps it needs, 0 if the model has none; has_guide: whether the
    canvas has a guide."""
    return settings.few_step and count_steps(settings, has_guide) <= few_steps


def effective_settings(settings: DreamSettings, few_steps: int, has_guide: bool = False) -> DreamSettings:
    """The settings that take effect: with FEW_STEP_CHOICES in place of the user's choices if the few-step network runs."""
    return replace(settings, **FEW_STEP_CHOICES) if uses_few_step(settings, few_steps, has_guide) else settings
