"""Surfaces seen straight on: the networks are told the same as by a camera that looks at them from far away."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from base.grid import CELL
from diffusion.canvas import FacingGBuffer, GBuffer, Surface
from diffusion.models.depth import FOCAL
from diffusion.models.surface_view import cell_geometry, cell_surface, decoder_hint
from scenes.camera import Camera

H, W, SPAN = 6, 10, 1 / 12
FAR = 2000.0
FACES = {  # side → yaw, pitch of a camera that looks at it with u to the right
    0: (90.0, 0.0),
    1: (-90.0, 0.0),
    2: (0.0, -90.0),
    3: (0.0, 90.0),
    4: (0.0, 0.0),
    5: (180.0, 0.0),
}


def both(side: int) -> tuple[GBuffer, FacingGBuffer]:
    """The same piece of a plane as a far camera sees it, and straight on."""
    yaw, pitch = FACES[side]
    axes = Camera.from_angles((0, 0, 0), yaw, pitch).axes
    middle = np.array([13.2, 4.1, -7.3])
    fov = float(np.degrees(2 * np.arctan(H * SPAN / 2 / FAR)))
    camera = Camera.from_angles(tuple(middle - FAR * axes[2]), yaw, pitch, fov)
    planes, points = [], []
    for finer in (1, CELL):
        h, w = H * finer, W * finer
        planes += [np.full((h, w), side, np.int8), np.full((h, w), FAR, np.float32)]
        points.append(np.asarray(camera.position) + FAR * camera.rays((w, h)))
    patch = np.zeros((H * CELL, W * CELL), np.int16)
    return GBuffer(camera, *planes), FacingGBuffer(planes[0], points[0], planes[2], points[1], patch, SPAN)


@pytest.mark.parametrize("side", FACES)
def test_straight_on_is_the_limit_of_looking_from_afar(side) -> None:
    far, facing = both(side)
    near = cell_surface(facing)
    distant = cell_surface(far)
    for name in ("uv", "span", "normal", "depth"):
        torch.testing.assert_close(getattr(near, name), getattr(distant, name), atol=2e-3, rtol=1e-3)
    assert bool((near.kind == distant.kind).all())
    assert float(near.depth[0, 0]) == pytest.approx(FOCAL * SPAN)
    torch.testing.assert_close(cell_geometry(facing), cell_geometry(far), atol=0.05, rtol=0)


def test_the_decoder_gets_the_borders_of_patches() -> None:
    _, facing = both(4)
    whole = decoder_hint(Surface(gbuffer=facing))
    patch = facing.patch.copy()
    patch[:, 24:] = 1
    cut = decoder_hint(
        Surface(gbuffer=FacingGBuffer(facing.cell_side, facing.cell_point, facing.side, facing.point, patch, SPAN))
    )
    assert whole is not None and cut is not None
    differs = (whole != cut)[0].any(0)
    assert bool(differs[:, 23].all()) and int(differs.sum()) == H * CELL
