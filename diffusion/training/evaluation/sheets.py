"""Write the sheets of docs/training.md: every material as drawn, and as the model paints it on the same surface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import Tensor

from base.files import atomic_write
from base.grid import CELL
from diffusion.models.depth import FOCAL
from diffusion.training.config import DenoiserConfig
from diffusion.training.contact_sheet import sheet
from diffusion.training.data.bank import build_bank
from diffusion.training.data.captions import Mood, Surface
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.views import SLOTS, World
from diffusion.training.evaluation.samples import PLAIN
from diffusion.training.evaluation.subject import open_painter
from diffusion.training.evaluation.view import View, draw_view

SIDE = 256
NOTHING = np.zeros((0, 2, 3))


def standard_world(place: str, side: int = SIDE) -> World:
    """Return the world that sheets show: a wall seen at a slight angle, a floor from above, or the sky."""
    focal = CELL * FOCAL
    if place == "sky":
        return World(NOTHING, np.zeros(0, int), np.array([0, 2.0, 0]), 0.0, 0.7, focal, side)
    if place == "floor":
        return World(NOTHING, np.zeros(0, int), np.array([0, 4.0, 0]), 0.4, -0.85, focal, side)
    return World(PLAIN, np.array([1]), np.array([0, 30.0, 5.5]), 0.15, 0.0, focal, side)


def material_views(side: int = SIDE) -> list[View]:
    """Return a view of every material, prompted by its first noun."""
    return [
        draw_view(standard_world(m.place, side), build_bank([Surface(m.name)], i), [0] * SLOTS, Mood(), [m.nouns[0]], 1)
        for i, m in enumerate(MATERIALS.values())
    ]


def save_small(path: Path, pictures: list[Tensor], labels: list[str]) -> None:
    """Save a sheet with 256 colours: a third of the bytes without a visible difference."""
    with atomic_write(path) as temporary:
        sheet(list(pictures), labels, 7, 168).quantize(256).save(temporary, optimize=True)


def write_sheets(config: DenoiserConfig) -> Path:
    """Write the sheets of drawn and of painted materials into the run's folder."""
    out, views, painter = Path(config.out), material_views(), open_painter(config)
    out.mkdir(parents=True, exist_ok=True)
    save_small(out / "training_materials.png", [v.truth for v in views], list(MATERIALS))
    save_small(out / "training_samples.png", list(painter.paint(views, seed=1)), [v.prompts[0] for v in views])
    return out
