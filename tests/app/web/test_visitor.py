"""What a browser tells of its camera, and whose view is painted next."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from app.web.turns import Turns
from app.web.visitor import Visitor, camera_of, size_of, wxyz_of
from scenes.camera import Camera


def eye(**changes: object) -> SimpleNamespace:
    """A browser's camera that looks along +z with y down, as viser's do unturned."""
    told = {"wxyz": (1.0, 0, 0, 0), "position": (1, 2, 3), "fov": 1.0, "image_width": 1000, "image_height": 500}
    return SimpleNamespace(**(told | changes))


def test_a_browser_looks_along_its_own_z_with_y_down() -> None:
    camera = camera_of(eye())
    assert camera is not None and camera.position == (1, 2, 3)
    assert np.allclose(camera.axes, [[1, 0, 0], [0, -1, 0], [0, 0, 1]])
    assert camera.fov == pytest.approx(57.29578)


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (40, 20), (-130, -35), (180, 80)])
def test_a_camera_comes_back_from_a_browser_as_it_was_sent(yaw: float, pitch: float) -> None:
    camera = Camera.from_angles((4, 1.7, 9), yaw, pitch)
    back = camera_of(eye(wxyz=wxyz_of(camera), position=camera.position, fov=np.radians(camera.fov)))
    assert back is not None and np.allclose(back.axes, camera.axes, atol=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"wxyz": (0, 0, 0, 0)},
        {"wxyz": (1, 0, 0)},
        {"wxyz": ("a", 0, 0, 0)},
        {"position": (np.nan, 0, 0)},
        {"position": (1e9, 0, 0)},
        {"fov": np.inf},
    ],
)
def test_what_is_no_camera_changes_nothing(wrong: dict) -> None:
    visitor = Visitor("painted", 1.0)
    visitor.look(eye(), (640, 360), 1.0)
    before = visitor.camera
    visitor.look(eye(**wrong), (640, 360), 2.0)
    assert visitor.camera is before and visitor.rests(2.0, 0.5)


def test_a_picture_has_the_proportions_of_the_browser_and_at_most_the_size_allowed() -> None:
    assert size_of(eye(), (640, 360)) == (640, 320)
    assert size_of(eye(image_width=300, image_height=200), (640, 360)) == (300, 200)
    assert size_of(eye(image_width=10**9, image_height=1), (640, 360)) == (640, 64)
    assert size_of(eye(image_width=0), (640, 360)) is None


def test_the_first_view_counts_as_one_at_rest_and_a_turned_one_does_not() -> None:
    visitor = Visitor("painted", 1.0)
    assert not visitor.rests(5.0, 0.5)
    visitor.look(eye(), (640, 360), 5.0)
    assert visitor.rests(5.0, 0.5)
    visitor.look(eye(position=(2, 2, 3)), (640, 360), 6.0)
    assert not visitor.rests(6.4, 0.5) and visitor.rests(6.5, 0.5)


def test_each_browser_has_a_dream_in_turn() -> None:
    turns = Turns()
    assert turns.choose({3, 7, 9}, 0) == 3
    assert turns.choose({3, 7, 9}, 0) == 3  # until a dream is done
    assert [turns.choose({3, 7, 9}, dreams) for dreams in (1, 2, 3)] == [7, 9, 3]
    assert turns.choose({7, 9}, 3) == 7  # the view of 3 is finished
    assert turns.choose({7}, 4) == 7
    assert turns.choose(set(), 4) is None
