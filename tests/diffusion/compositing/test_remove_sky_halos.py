"""The sky beside outlines: stains give way, all else stays bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from base.grid import CELL
from diffusion.canvas import Canvas, Region, Surface
from diffusion.compositing.remove_sky_halos import REACH, remove_sky_halos
from tests.diffusion.conftest import vary

SIDE = 32
BLUE = torch.tensor([-0.2, 0.2, 0.8])


def scene(wall: slice = slice(20, None)) -> tuple[torch.Tensor, Canvas]:
    """A cloudy sky over a textured wall whose rows are `wall`."""
    depth = np.full((SIDE, SIDE), np.inf, np.float32)
    depth[wall] = 5
    generator = torch.Generator().manual_seed(0)
    rows = torch.linspace(0, 0.3, SIDE * CELL)[:, None]
    cloud = torch.nn.functional.interpolate(
        0.05 * torch.randn(1, 1, SIDE // 2, SIDE // 2, generator=generator), scale_factor=2 * CELL, mode="bilinear"
    )[0, 0]
    picture = BLUE[:, None, None] - rows + cloud
    ground = torch.from_numpy(np.isfinite(depth)).repeat_interleave(CELL, 0).repeat_interleave(CELL, 1)
    picture = torch.where(ground, 0.4 * torch.randn(picture.shape, generator=generator), picture)
    ones = np.ones((SIDE, SIDE), np.float32)
    return picture, Canvas((Region("sky", ones),), np.zeros((4, SIDE, SIDE), np.float32), ones, surface=Surface(depth))


def test_a_ghost_beside_an_outline_takes_the_skys_colour() -> None:
    picture, canvas = scene()
    stained, spot = picture.clone(), (slice(None), slice(18 * CELL, 19 * CELL), slice(100, 120))
    stained[spot] = torch.tensor([-0.6, -0.1, -0.7])[:, None, None]
    there = remove_sky_halos(stained, canvas)[spot]
    assert (there - picture[spot]).abs().mean() < 0.15 < 0.5 * (stained - picture)[spot].abs().mean()


def test_walls_and_the_sky_away_from_them_stay_as_they_are() -> None:
    picture, canvas = scene()
    picture[:, 8, 8] = 1.0  # a star
    out = remove_sky_halos(picture, canvas)
    away = (20 - REACH - 2) * CELL  # two more: the reach ends softly
    assert torch.equal(out[:, :away], picture[:, :away])
    assert torch.equal(out[:, 21 * CELL :], picture[:, 21 * CELL :])


def test_clouds_stay_beside_an_outline_too() -> None:
    picture, canvas = scene()
    sky = slice(0, 19 * CELL)
    changed = (remove_sky_halos(picture, canvas) - picture)[:, sky].abs()
    assert changed.mean() < 0.02 * picture[:, sky].std()


@pytest.mark.parametrize("wall", [slice(0, 0), slice(0, None), slice(3, None)])
def test_where_nothing_can_be_learnt_nothing_changes(wall: slice) -> None:
    picture, canvas = scene(wall)
    assert torch.equal(remove_sky_halos(picture, canvas), picture)


def test_nor_where_no_depth_is_known() -> None:
    picture, canvas = scene()
    assert torch.equal(remove_sky_halos(picture, vary(canvas, depth=None)), picture)


def test_no_contour_is_left_where_a_stain_fades_away() -> None:
    """A glow over a wall that fades upwards: what is cleared leads to what is left of it, and no step lies between."""
    picture, canvas = scene()
    rows = torch.arange(SIDE * CELL)
    glow = 0.4 * torch.exp(-(((20 * CELL - rows).clamp_min(0) / (2.0 * CELL)) ** 2)) * (rows < 20 * CELL)
    stained = picture + glow[:, None]
    steps = [
        (p.diff(dim=1) - picture.diff(dim=1))[:, : 20 * CELL - 1].mean(2).abs().max()
        for p in (stained, remove_sky_halos(stained, canvas))
    ]
    left = (remove_sky_halos(stained, canvas) - picture)[:, 19 * CELL : 20 * CELL].mean()
    assert left < 0.4 * glow[19 * CELL : 20 * CELL].mean()
    assert steps[1] < 2 * steps[0]


def test_the_sky_is_recognised_by_its_pixels() -> None:
    """A latent pixel of the sky in which leaves stand: the sky around them is cleared, and they are not."""
    picture, canvas = scene()
    sky = np.isinf(canvas.surface.depth)
    parts = (~sky).repeat(CELL, 0).repeat(CELL, 1).astype(np.int16)
    leaves = slice(19 * CELL + 3, 20 * CELL), slice(40, 80)
    parts[leaves] = 1
    stained = picture.clone()
    stained[:, 18 * CELL : 20 * CELL, 40:80] = -0.7
    regions = tuple(Region(str(k), (sky == (k == 0)).astype(np.float32)) for k in (0, 1))
    out = remove_sky_halos(stained, vary(canvas, regions=regions, region_ids=parts))
    assert torch.equal(out[:, *leaves], stained[:, *leaves])
    above = slice(18 * CELL, 19 * CELL + 3), slice(48, 72)
    assert (out - picture)[:, *above].abs().mean() < 0.3 * (stained - picture)[:, *above].abs().mean()
