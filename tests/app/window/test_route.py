"""Keyframes: edits keep cameras and times together, and the drawn line is where the camera projects the path to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.moving.route import SHORTEST, Route, polyline
from scenes.camera import Camera

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver

edits = st.lists(st.tuples(st.sampled_from(["add", "remove", "put", "take"]), st.integers(0, 9)), max_size=30)


def somewhere(number: int) -> Camera:
    return Camera.from_angles((float(number), 2.0, -float(number)), 30.0 * number, 0)


@given(edits)
def test_every_edit_leaves_a_time_between_every_two_keyframes(steps: list[tuple[str, int]]) -> None:
    route = Route()
    for kind, number in steps:
        if kind == "add":
            route = route.add(somewhere(number))
        elif kind == "remove" and route.cameras:
            route = route.remove(number % len(route.cameras))
        elif kind == "put" and route.cameras:
            route = route.replace_camera(number % len(route.cameras), somewhere(number))
        elif kind == "take" and route.seconds:
            route = route.set_seconds(number % len(route.seconds), number / 3)
        assert len(route.seconds) == max(0, len(route.cameras) - 1)
        assert all(seconds >= SHORTEST for seconds in route.seconds)
    path = route.path
    assert (path is None) == (len(route.cameras) < 2)
    if path is not None:
        assert Route.of(path) == Route(route.cameras, tuple(np.diff([k.time for k in path.keyframes]).tolist()))


def test_removing_a_keyframe_keeps_the_time_of_the_way_around_it() -> None:
    route = Route().add(somewhere(0)).add(somewhere(1)).add(somewhere(2)).set_seconds(0, 2.0).set_seconds(1, 3.0)
    assert route.remove(1).seconds == (5.0,)
    assert route.remove(0).seconds == (3.0,)
    assert route.remove(2).seconds == (2.0,)


def test_the_line_passes_through_the_keyframes_on_screen() -> None:
    route = Route().add(Camera.from_angles((-1, 0, -5), 0, 0)).add(Camera.from_angles((1, 0.5, -6), 0, 0))
    eye, size = Camera.from_angles((0, 0, 0), 0, 0), (400, 200)
    (line,) = polyline(route.path, eye, size)
    for camera, point in zip(route.cameras, (line[0], line[-1]), strict=True):
        clip = eye.matrix(size) @ (*camera.position, 1)
        expected = (clip[:2] / clip[3] * (0.5, -0.5) + 0.5) * size
        np.testing.assert_allclose(point, expected, atol=1e-6)


def test_nothing_behind_the_camera_is_drawn() -> None:
    route = Route().add(Camera.from_angles((0, 0, 5), 0, 0)).add(Camera.from_angles((0, 0, 9), 0, 0))
    assert polyline(route.path, Camera.from_angles((0, 0, 0), 0, 0), (400, 200)) == []


def test_the_camera_panel_says_what_a_path_lacks(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("app.panels.camera.faint", said.append)
    drive.explorer.shell.bring_to_front("Camera")
    for words in ("at least two views", "add a second view", ""):
        drive.frames(5)
        said.clear()
        drive.frames(1)
        assert any(words in text for text in said) if words else not any("add " in text for text in said)
        drive.tap("k")
