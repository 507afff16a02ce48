"""What panels call a setting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LABELS = {  # where a name with spaces for underscores isn't what people say
    "fov": "Field of view",
    "auto": "Paint automatically",
    "moving": "Sketch while moving",
    "around": "Paint beyond edges",
    "moving_steps": "Sketch steps",
    "rest": "Delay before painting (s)",
    "refine": "Refine at rest",
    "preview": "Preview with",
    "canvas": "Canvas height",
    "walk": "Walk on the ground",
    "sensitivity": "Mouse sensitivity",
    "frame_rate": "Max FPS",
    "motion": "Animate network diagrams",
    "hints": "Show explanations",
    "eta": "Eta",
    "cfg_rescale": "CFG rescale",
    "cfgpp_lambda": "CFG++ lambda",
    "abandon_angle": "Cancel after turning (°)",
    "abandon_distance": "Cancel after moving (blocks)",
}


def label_of(name: str, meta: Mapping[str, Any]) -> str:
    """The label of a field of a settings class. meta: its metadata."""
    return meta.get("label") or LABELS.get(name) or name.replace("_", " ").capitalize()
