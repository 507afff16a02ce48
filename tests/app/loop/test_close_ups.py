"""The parts of a view that is refined: together they see all of it, at least as finely, the nearest first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.loop.close_ups import close_up, close_ups, grid
from engine.atlas import policy
from scenes.camera import Camera
from scenes.scene import SKY
from tests.app.conftest import make_gathered

VIEW = (640, 400)
SIDE = 128


@pytest.mark.parametrize("pitch", [-89.0, -35.0, 0.0, 20.0])
@pytest.mark.parametrize("fov", [40.0, 75.0])
def test_every_pixel_of_the_view_is_seen_by_its_part_as_finely_and_inside_the_rim(pitch, fov) -> None:
    camera = Camera.from_angles((1.0, 2.0, 3.0), 30.0, pitch, fov)
    columns, rows = grid(VIEW, SIDE)
    wide, tall = VIEW[0] / columns, VIEW[1] / rows
    rays, inner = camera.rays(VIEW), SIDE / 2 - policy.MARGIN
    for i in range(columns):
        for j in range(rows):
            box = (i * wide, j * tall, (i + 1) * wide, (j + 1) * tall)
            part = close_up(camera, VIEW, box, SIDE)
            own = rays[int(np.ceil(box[1])) : int(box[3]), int(np.ceil(box[0])) : int(box[2])] @ part.axes.T
            place = own[..., :2] / own[..., 2:] * part.focal((SIDE, SIDE))
            assert (own[..., 2] > 0).all() and (np.abs(place) <= inner + 1e-6).all()
            finer = part.focal((SIDE, SIDE)) / own[..., 2] / camera.focal(VIEW)  # at the same depth along the view
            assert finer.min() > policy.FINAL_SHARE * 1.1, (i, j, finer.min())


def test_the_nearest_and_largest_come_first_the_sky_last_and_what_is_fine_not_at_all() -> None:
    view = (192, 128)
    assert grid(view, 80) == (3, 2)  # canvases of 64 pixels inside the rim
    gathered = make_gathered(16, 24)
    depth = np.full((16, 24), 8.0, np.float32)
    depth[:, :8] = 2.0  # the left column of parts is near
    depth[:5] = np.inf
    material = np.where(np.isinf(depth), SKY, 0).astype(np.int16)
    gathered = replace(gathered, depth=depth, material=material, camera=Camera())
    parts = close_ups(Camera(), view, gathered, 128, 8, 0.95, 80)
    assert len(parts) == 6 and sum(part.lacking for part in parts) == pytest.approx(1)
    yaw = [part.camera.yaw for part in parts]
    assert all(y == max(yaw) or y > 10 for y in yaw[:2])  # to the left
    assert all(part.camera.pitch > 5 for part in parts[-2:])  # up
    fine = replace(gathered, steps=np.where(depth < 4, 8, 0).astype(np.float32), stored_density=gathered.density)
    left = close_ups(Camera(), view, fine, 128, 8, 0.95, 80)
    assert left and {part.camera for part in left} < {part.camera for part in parts}
    assert not any(part.camera.yaw > 20 and part.camera.pitch < 0 for part in left)
    done = replace(gathered, steps=np.full_like(depth, 8), stored_density=gathered.density)
    assert close_ups(Camera(), view, done, 128, 8, 0.95, 80) == ()


def test_a_hole_in_what_is_painted_is_filled_first() -> None:
    """What an edit of the scene brought stood unpainted until everything nearer was refined."""
    view, camera = (192, 128), Camera()
    depth = np.full((16, 24), 8.0, np.float32)
    depth[:, :8] = 2.0
    painted = replace(
        make_gathered(16, 24), depth=depth, steps=np.full_like(depth, 8), stored_density=np.full_like(depth, 0.01)
    )
    usual = close_ups(camera, view, painted, 128, 8, 0.95, 80)
    assert usual[0].camera.yaw > 10, "the near ones on the left"
    holed, speckled = painted.steps.copy(), painted.steps.copy()
    holed[10:13, 20:23], speckled[10, 20:22] = 0, 0
    first, *others = close_ups(camera, view, replace(painted, steps=holed), 128, 8, 0.95, 80)
    assert first.camera.yaw < -10 and first.camera.pitch < 0
    assert [part.camera for part in others] == [part.camera for part in usual if part.camera != first.camera]
    fine = replace(painted, stored_density=painted.density, steps=holed)
    assert [part.camera for part in close_ups(camera, view, fine, 128, 8, 0.5, 80)] == [first.camera], "however small"
    speckled = close_ups(camera, view, replace(painted, steps=speckled), 128, 8, 0.95, 80)
    assert [part.camera for part in speckled] == [part.camera for part in usual]


def test_a_coarse_look_tells_of_the_same_parts() -> None:
    rng = np.random.default_rng(0)
    coarse = rng.uniform(0.2, 6, (8, 12)).repeat(2, 0).repeat(2, 1).astype(np.float32)
    painted = rng.uniform(0.2, 6, (8, 12)).repeat(2, 0).repeat(2, 1).astype(np.float32)
    steps = np.full_like(coarse, 8)
    fine = make_gathered(16, 24, density=coarse, stored_density=painted, steps=steps)
    small = {name: getattr(fine, name)[::2, ::2] for name in ("stored_density", "steps", "frozen", "depth", "material")}
    half = make_gathered(8, 12, density=coarse[::2, ::2] / 2, **small)
    depth = np.full((16, 24), 3.0, np.float32)
    fine, half = replace(fine, depth=depth), replace(half, depth=depth[::2, ::2])
    ours = close_ups(Camera(), (192, 128), half, 64, 8, 0.95, 80)
    theirs = close_ups(Camera(), (192, 128), fine, 128, 8, 0.95, 80)
    assert [part.camera for part in ours] == [part.camera for part in theirs]
    assert [part.lacking for part in ours] == pytest.approx([part.lacking for part in theirs])
