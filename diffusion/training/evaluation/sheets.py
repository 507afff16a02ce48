"""The sheets of the training page: every material as drawn and as the model paints it, and few steps beside many."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from base.files import atomic_write
from diffusion.models.depth import FOCAL
from diffusion.training.config import UnetConfig
from diffusion.training.contact_sheet import sheet
from diffusion.training.data.bank import build_bank
from diffusion.training.data.captions import Mood, Surface
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.views import World, cast, depth_channel, paint
from diffusion.training.evaluation.judging import EvaluatedModel, open_evaluated, open_student
from diffusion.training.learners.unet import PROMPTS

SIDE = 256
WALL = np.array([[[-200, -200, -100], [200, 200, 0]]], float)
NOTHING = np.zeros((0, 2, 3))


def standard_world(place: str) -> World:
    """A wall seen at a slight angle, a floor from above, or the sky, as the sheets show them."""
    if place == "sky":
        return World(NOTHING, np.zeros(0, int), np.array([0, 2.0, 0]), 0.0, 0.7, 8 * FOCAL, SIDE)
    if place == "floor":
        return World(NOTHING, np.zeros(0, int), np.array([0, 4.0, 0]), 0.4, -0.85, 8 * FOCAL, SIDE)
    return World(WALL, np.array([1]), np.array([0, 30.0, 5.5]), 0.15, 0.0, 8 * FOCAL, SIDE)


def _save(path: Path, pictures: list[Tensor], labels: list[str], columns: int = 7) -> None:
    """Save a sheet with 256 colours, which takes a third of the bytes without a visible difference."""
    with atomic_write(path) as temporary:
        sheet(pictures, labels, columns, 168).quantize(256).save(temporary, optimize=True)  # pyright: ignore[reportArgumentType]


def materials_sheet(path: Path) -> None:
    """Every material, named, as the generator draws it."""
    pictures = [
        paint(standard_world(m.place), build_bank([Surface(m.name)], index), [0] * 4, Mood(), 1).image
        for index, m in enumerate(MATERIALS.values())
    ]
    _save(path, list(pictures), list(MATERIALS))


def samples_sheet(parts: EvaluatedModel, path: Path) -> None:
    """Every material as the model paints it under the same depths, and the prompts of the training samples."""
    names = list(MATERIALS)
    prompts = [MATERIALS[n].nouns[0] for n in names] + list(PROMPTS[:14])
    depths: list[Tensor] = []
    for name in names:
        world = standard_world(MATERIALS[name].place)
        depths.append(depth_channel(cast(world)["z"][4::8, 4::8], world.focal / 8)[None])
    depth = torch.stack(depths + [depth_channel(torch.full((1, 32, 32), 6.0))] * (len(prompts) - len(names)))
    _save(path, list(parts.paint(prompts, depth, seed=1, batch=8)), prompts)


def student_sheet(parts: EvaluatedModel, student: EvaluatedModel, path: Path, *, columns: int = 7) -> None:
    """The same noise in each column: 16 guided steps, 4 of two solvers, and the student's 4."""
    prompts: list[str] = list(PROMPTS[:columns])
    depth = depth_channel(torch.full((columns, 1, 32, 32), 6.0))
    ways = {
        "16:": replace(parts, steps=16),
        "4 dpmpp_2m:": replace(parts, sampler="dpmpp_2m", steps=4),
        "4 ddim:": replace(parts, steps=4),
        "student:": student,
    }
    pictures = [picture for way in ways.values() for picture in way.paint(prompts, depth, seed=2, batch=8)]
    _save(path, pictures, [f"{way} {prompt}" for way in ways for prompt in prompts], columns)


def write_sheets(config: UnetConfig) -> Path:
    """Write all sheets of a run into its folder. Materials are sampled from the default network: the student if there is one."""
    out = Path(config.out)
    materials_sheet(out / "training_materials.png")
    parts = open_evaluated(out / "model", Path(config.judge))
    student = open_student(parts)
    samples_sheet(student or replace(parts, steps=16), out / "training_samples.png")
    if student is not None:
        student_sheet(parts, student, out / "training_few.png")
    return out
