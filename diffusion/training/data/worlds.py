"""Convert drawn worlds to and from JSON notes, from which the camera's whole view can be recomputed."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffusion.training.data.views import Picture, World


def world_note(picture: Picture) -> dict[str, Any]:
    """Convert a picture's world to JSON values without losing precision."""
    world = picture.world
    return {
        "boxes": world.boxes.tolist(),
        "slots": world.slots.tolist(),
        "eye": world.eye.tolist(),
        "yaw": float(world.yaw),
        "pitch": float(world.pitch),
        "focal": float(world.focal),
        "size": world.size,
        "shifts": picture.shifts.tolist(),
    }


def world_from_note(note: dict[str, Any]) -> tuple[World, Tensor]:
    """Return the world and its shifts, float32 [SLOTS,2], from a note."""
    boxes = np.array(note["boxes"], float).reshape(-1, 2, 3)
    slots, eye = np.array(note["slots"], int), np.array(note["eye"], float)
    world = World(boxes, slots, eye, note["yaw"], note["pitch"], note["focal"], note["size"])
    return world, torch.tensor(note["shifts"], dtype=torch.float32)
