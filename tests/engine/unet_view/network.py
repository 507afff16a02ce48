"""A U-Net of two levels as `diffusion.introspection.unet_probe` tells it: small, wider than high, every map another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

#       kind, number, level, channels, (h, w), attends_to_text, seconds, energy
PLAN = (
    ("in", 1, 0, 8, (8, 12), False, 0.05, 1.0),
    ("down", 1, 0, 8, (4, 6), True, 0.20, 2.0),
    ("down", 2, 1, 16, (4, 6), False, 0.10, 4.0),
    ("middle", 1, 1, 16, (4, 6), True, 0.05, 3.0),
    ("up", 1, 1, 16, (8, 12), False, 0.15, 2.0),
    ("up", 2, 0, 8, (8, 12), True, 0.40, 1.5),
    ("out", 1, 0, 4, (8, 12), False, 0.05, 1.0),
)


def network() -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    blocks = []
    for kind, number, level, channels, size, attends_to_text, seconds, energy in PLAN:
        maps = rng.integers(0, 256, (min(16, channels), *size), np.uint8)
        name = f"{kind} {number}" if kind in ("down", "up") else kind
        common = {
            "kind": kind,
            "name": name,
            "level": level,
            "attends_to_text": attends_to_text,
            "shape": (channels, *size),
        }
        blocks.append(SimpleNamespace(**common, seconds=seconds, energy=energy, maps=maps, strength=maps[0] // 2))
    return tuple(blocks)
