"""Drawn materials repeat after a patch without a seam, and strewn shapes lie where they are said to lie."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from diffusion.training.data.bank import build_bank, draw_surface, pack
from diffusion.training.data.captions import Mood, Surface
from diffusion.training.data.light import LIGHTS, Shading, shade
from diffusion.training.data.materials import MATERIALS
from diffusion.training.data.materials.patterns import PATCH, Patch
from diffusion.training.data.materials.stamps import leaf, scatter
from diffusion.training.data.views import World, paint


def steps(rows: Tensor, axis: int) -> Tensor:
    """Mean change [S] from each row (axis 1) or column (axis 2) of [C,S,S] to the next one; the last is the step over the border."""
    return (torch.roll(rows, -1, axis) - rows).abs().mean((0, 3 - axis))


@pytest.mark.parametrize("adjective", ["", "large", "small"])
@pytest.mark.parametrize("name", MATERIALS)
def test_no_material_has_a_seam_at_the_patch_border(name: str, adjective: str) -> None:
    drawn = [draw_surface(Surface(name, (adjective,) if adjective else ()), seed, 16) for seed in range(4)]
    rows = torch.cat([torch.cat((layers.albedo, layers.height[None])) for layers in drawn])
    for axis in (1, 2):
        change = steps(rows, axis)
        assert float(change[-1]) <= 1.25 * float(change[:-1].max())


@pytest.mark.parametrize(
    ("name", "courses"), {"brick": 24, "planks": 20, "tiles": 12, "roof tiles": 16, "ashlar": 12, "cobble": 14}.items()
)
def test_joints_are_where_they_are_whatever_the_seed(name: str, courses: int) -> None:
    """Whole courses per patch, in the same phase in every sample: a joint's place follows from v alone."""
    rows = torch.stack([draw_surface(Surface(name), seed).height.mean(1) for seed in range(4)])
    waves = torch.fft.rfft(rows - rows.mean(1, keepdim=True))
    assert waves.abs().argmax(1).tolist() == [courses] * 4
    phase = waves[:, courses] / waves[:, courses].abs()
    assert float(phase.mean().abs()) > 0.95


@pytest.mark.parametrize("along", [0, 1])
def test_a_wall_looks_the_same_from_a_patch_further(along: int) -> None:
    bank = build_bank([Surface("brick"), Surface("leaves"), Surface("facade")], 3, texels=16)
    wall = np.array([[[-200, -200, -100], [200, 200, 0]]], float)
    for surface in range(3):
        eye = np.array([0.25, 40.0, 5.0])
        moved = eye.copy()
        moved[along] += PATCH
        first, second = (
            paint(World(wall, np.array([1]), e, 0.0, 0.0, 220.0, 64), bank, [surface] * 4, Mood(), 1).image.int()
            for e in (eye, moved)
        )
        assert int((first - second).abs().max()) <= 2  # rounding of places in float32
        assert float(first.float().std()) > 5


def test_the_highest_stamp_covers_others_and_stamps_wrap_round() -> None:
    found = scatter(Patch(4, texels=16), 0.5, 0.42, leaf(0.8, 0.5))
    assert float(found.covered.float().mean()) > 0.5
    assert bool((found.inside[found.covered] > 0).all())
    assert float((found.x**2 + found.y**2).sqrt()[found.covered].max()) <= 0.42
    assert float(found.order.min()) >= 0 and float(found.order.max()) <= 1
    # those that lie across the border go on at the other side
    across = (found.order[0] == found.order[-1]) & found.covered[0] & found.covered[-1]
    assert bool(across.any())
    # a higher stamp hides lower ones: more is seen of the high ones
    assert float(found.order[found.covered].mean()) > 0.52


def test_stamps_point_where_they_are_turned_to() -> None:
    def strip(x: Tensor, y: Tensor, tone: Tensor) -> Tensor:
        return torch.minimum(0.1 - x.abs(), 0.4 - y.abs())

    for angle, axis in ((0.0, 0), (math.pi / 2, 1)):
        covered = scatter(Patch(1, texels=16), 1.6, 0.42, strip, (angle, angle), 0.0).covered
        # a row of upright strips has gaps along v only between strips
        runs = covered.float().mean(axis)
        assert float(runs.max()) > 0.4 and float(runs.min()) == 0.0


@pytest.mark.parametrize("name", ["facade", "lava"])
def test_daylight_outshines_lamps_in_windows_but_not_lava(name: str) -> None:
    layers = draw_surface(Surface(name), 3, 16)
    assert layers.glow is not None
    bright = layers.glow.amax(0) > 0.6
    assert bool(bright.any()) and not bool(bright.all())
    kept = {}
    for light, chosen in LIGHTS.items():
        flat = torch.zeros_like(layers.albedo)
        blank = torch.zeros_like(layers.height)
        up = torch.tensor([0.0, 1.0, 0.0]).view(3, 1, 1).expand_as(flat)
        seen = shade(Shading(flat, layers.glow, up, up, blank, blank, blank, blank > 1), chosen)
        kept[light] = float(seen.mean(0)[bright].mean())
    if name == "facade":
        assert kept["noon"] < 0.5 * kept["night"]
    else:
        assert kept["noon"] > 0.7 * kept["night"]


def test_relief_is_packed_with_dark_hollows() -> None:
    brick = draw_surface(Surface("brick"), 3)
    packed = pack(brick)
    bare, low = brick.albedo.mean(0), brick.height < 0.02
    darkening = packed[:3].mean(0) / bare
    assert float(darkening[low].mean()) < 0.85 < float(darkening[~low].mean())
