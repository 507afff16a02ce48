"""The few-step network of a model: a student that learnt to land in few steps where many guided ones lead (docs/training.md).

The number of steps that are really gone through chooses: whoever needs no more than it gets it, whoever needs more gets the
model itself.
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
        "guidance": "none",
        "cfg_rescale": 0.0,
        "norm_rescale": 0.0,
        "threshold_scale": 0.0,
    }
)
"""What it was distilled for, and therefore always does: the solver's steps and the guidance are inside it."""


def count_steps(settings: DreamSettings, remembers: bool) -> int:
    """The steps of a dream, which leaves the first ones out where a memory stands for them (`DreamSettings.strength`)."""
    return max(1, round(settings.strength * settings.steps)) if remembers else settings.steps


def uses_few_step(settings: DreamSettings, few_steps: int, remembers: bool = False) -> bool:
    """Whether a dream is the few-step network's. few_steps: how many it needs, 0 where a model has none; remembers: the canvas does."""
    return settings.few_step and count_steps(settings, remembers) <= few_steps


def effective_settings(settings: DreamSettings, few_steps: int, remembers: bool = False) -> DreamSettings:
    """The settings that a dream really has: what the few-step network learnt in place of what was chosen, where it paints."""
    return replace(settings, **FEW_STEP_CHOICES) if uses_few_step(settings, few_steps, remembers) else settings
