"""The few-step network of a model: a student that learnt to land in few steps where many guided ones lead (docs/training.md).

The number of steps chooses: whoever asks for no more than it needs gets it, whoever asks for more gets the model itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from diffusion.canvas import DreamSettings

LEARNT: Mapping[str, Any] = MappingProxyType(
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


def paints(settings: DreamSettings, few_steps: int) -> bool:
    """Whether a dream is the few-step network's. few_steps: how many it needs, 0 where a model has none."""
    return settings.few_step and settings.steps <= few_steps


def as_painted(settings: DreamSettings, few_steps: int) -> DreamSettings:
    """The settings that a dream really has: what the few-step network learnt in place of what was chosen, where it paints."""
    return replace(settings, **LEARNT) if paints(settings, few_steps) else settings
