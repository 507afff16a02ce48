"""Surfaces beside borders: what strays from a region's colours gives way to them, and its grain stays."""

from __future__ import annotations

import numpy as np
import torch

from base.grid import CELL
from diffusion.canvas import Canvas, Region, Surface
from diffusion.compositing.suppress_colour_bleed import suppress_colour_bleed
from tests.diffusion.conftest import vary

SIDE = 32
GREEN = torch.tensor([-0.4, 0.3, -0.5])
BLUE = torch.tensor([0.1, 0.3, 0.9])
HEDGE = slice(8 * CELL, 10 * CELL), slice(4 * CELL, 16 * CELL)  # two latent pixels high, far away under the sky


def scene() -> tuple[torch.Tensor, Canvas]:
    """The sky over leaves, and a far hedge of the same leaves in the sky."""
    labels = np.zeros((SIDE, SIDE), int)
    labels[16:] = 1
    labels[8:10, 4:16] = 1
    depth = np.where(labels == 0, np.inf, 5).astype(np.float32)
    parts = labels.repeat(CELL, 0).repeat(CELL, 1)
    leaves = torch.from_numpy(parts == 1)
    grain = 0.3 * torch.randn((3, *parts.shape), generator=torch.Generator().manual_seed(0))
    picture = torch.where(leaves, GREEN[:, None, None] + grain, BLUE[:, None, None])
    regions = tuple(Region(str(number), (labels == number).astype(np.float32)) for number in (0, 1))
    ones = np.ones((SIDE, SIDE), np.float32)
    return picture, Canvas(
        regions, np.zeros((4, SIDE, SIDE), np.float32), ones, surface=Surface(depth, region_ids=parts.astype(np.int16))
    )


def test_a_far_hedge_that_turned_blue_is_green_again_and_has_its_leaves() -> None:
    picture, canvas = scene()
    stained = picture.clone()
    stained[:, *HEDGE] += 0.6 * (BLUE - GREEN)[:, None, None]
    out = suppress_colour_bleed(stained, canvas)
    before, after = ((p - picture)[:, *HEDGE].mean((1, 2)).abs().max() for p in (stained, out))
    assert after < 0.2 * before
    moved = (out - stained)[:, *HEDGE]
    assert moved.std((1, 2)).max() < 0.1 * picture[:, *HEDGE].std()  # the same for all of it, so its leaves stay


def test_what_has_its_own_colours_and_the_sky_stay_as_they_are() -> None:
    picture, canvas = scene()
    out = suppress_colour_bleed(picture, canvas)
    assert (out - picture).abs().mean() < 0.005
    sky = torch.from_numpy(canvas.surface.region_ids == 0)
    assert torch.equal(out[:, sky], picture[:, sky])
    assert torch.equal(out[:, 22 * CELL :], picture[:, 22 * CELL :])  # away from every border


def test_where_a_region_is_narrow_everywhere_nothing_is_known_of_it() -> None:
    picture, canvas = scene()
    labels = np.zeros((SIDE, SIDE), int)
    labels[8:10, 4:16] = 1
    regions = tuple(Region(str(number), (labels == number).astype(np.float32)) for number in (0, 1))
    parts = labels.repeat(CELL, 0).repeat(CELL, 1).astype(np.int16)
    depth = np.where(labels == 0, np.inf, 5).astype(np.float32)
    assert torch.equal(
        suppress_colour_bleed(picture, vary(canvas, regions=regions, region_ids=parts, depth=depth)), picture
    )


def test_without_parts_nothing_changes() -> None:
    picture, canvas = scene()
    assert suppress_colour_bleed(picture, vary(canvas, region_ids=None)) is picture
