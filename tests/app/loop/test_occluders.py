"""What goes on behind near things: only there, only where it is hidden, and not where surfaces merely meet."""

from __future__ import annotations

import numpy as np
import pytest

from app.loop.occluders import REACH, find_occluded
from app.loop.view_canvas import canvas_from
from engine.atlas.views import GatheredView
from scenes.camera import Camera
from tests.app.conftest import make_gathered

SHAPE = HEIGHT, WIDTH = 10, 20
TOWARDS = np.array([0, 0, 1], np.float32)  # the camera, from what it looks at


def view(depth: np.ndarray, normal: np.ndarray = TOWARDS, **changes: object) -> GatheredView:
    full = np.broadcast_to(normal, (*SHAPE, 3)).astype(np.float32)
    gathered = {
        "depth": depth.astype(np.float32),
        "normal": full,
        "material": np.zeros(SHAPE, np.int16),
        "camera": Camera(),
    }
    return make_gathered(*SHAPE, **(gathered | changes))


def beside(near: float, far: float, edge: int = 8) -> GatheredView:
    """A panel at the right, from column `edge` on, before a wall."""
    return view(np.where(np.arange(WIDTH) < edge, far, near) * np.ones(SHAPE))


def columns(*chosen: int) -> np.ndarray:
    return np.isin(np.arange(WIDTH), chosen) & np.ones(SHAPE, bool)


@pytest.mark.parametrize("far", [10.0, np.inf])
def test_a_strip_goes_on_behind_what_is_near(far: float) -> None:
    gathered, strip = beside(2, far), columns(6, 7)
    behind = find_occluded(gathered, strip, ~strip)
    assert behind is not None
    y, x = np.divmod(behind, WIDTH)
    covered = columns(*range(8, 8 + REACH))
    assert (x[covered] == 7).all() and (np.abs(y - np.arange(HEIGHT)[:, None])[covered] <= REACH).all()
    assert (behind == np.arange(behind.size).reshape(SHAPE))[~covered].all()


def test_what_is_near_goes_on_behind_nothing() -> None:
    near = columns(8, 9)
    assert find_occluded(beside(2, 10), near, ~near) is None


def test_what_is_not_kept_hides_nothing() -> None:
    strip = columns(6, 7)
    assert find_occluded(beside(2, 10), strip, columns(0, 1)) is None


@pytest.mark.parametrize("where", [slice(5, 7), slice(8, 10)])
def test_ground_goes_on_in_sight(where: slice) -> None:
    """Far along a floor the depth jumps from pixel to pixel, but nothing hides anything."""
    up = np.array([0, 1, 0], np.float32)
    camera = Camera(position=(0, 1.7, 0))
    rays = camera.rays((WIDTH, HEIGHT))
    with np.errstate(divide="ignore"):
        depth = np.where(rays[..., 1] < 0, -1.7 / rays[..., 1], np.inf)
    gathered = view(depth, up, camera=camera)
    strip = np.zeros(SHAPE, bool)
    strip[where] = True
    strip &= np.isfinite(depth)
    behind = find_occluded(gathered, strip, np.isfinite(depth) & ~strip)
    assert behind is None


def test_sides_of_a_box_meet_at_its_edge() -> None:
    rays = Camera().rays((WIDTH, HEIGHT))
    front = np.arange(WIDTH) < 10  # a face at depth 4, and from x = 0 on one that leads away
    receding = np.array([0.8, 0, 0.6])  # through (0, 0, -4)
    with np.errstate(divide="ignore"):
        away = (receding @ np.array([0, 0, -4])) / (rays @ receding)
    gathered = view(
        np.where(front, 4, np.where(away > 0, away, np.inf)),
        np.where(front[:, None], TOWARDS, receding.astype(np.float32)),
    )
    side = columns(10, 11)
    assert find_occluded(gathered, side, ~side) is None


def test_a_canvas_says_what_goes_on(two_materials) -> None:
    gathered = beside(2, 10)
    painted = np.where(columns(6, 7), 0, 8).astype(np.float32)
    canvas = canvas_from(
        make_gathered(*SHAPE, **(vars(gathered) | {"steps": painted, "stored_density": np.sign(painted)})),
        two_materials,
        8,
    )
    assert (behind := canvas.surface.occluded_source) is not None and (
        behind != np.arange(behind.size).reshape(SHAPE)
    ).any()
    assert (canvas.change == columns(6, 7)).all()
