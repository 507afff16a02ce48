"""Cameras turned, aimed and zoomed; the view from the front."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scenes.camera import Camera
from scenes.framing import aim_camera, find_middle, make_front_view, turn_camera, zoom_camera
from scenes.load import load_scene

CAMERA = Camera.from_angles((10.0, 2.0, 4.0), 30.0, -10.0, 50.0)


def test_zoom_multiplies_the_focal_length() -> None:
    focal = lambda camera: 1 / np.tan(np.radians(camera.fov) / 2)  # noqa: E731
    assert focal(zoom_camera(CAMERA, 2.5)) == pytest.approx(2.5 * focal(CAMERA)) and zoom_camera(
        CAMERA, 1
    ).fov == pytest.approx(50)


def test_a_camera_looks_at_a_point_from_where_it_is() -> None:
    aimed, target = aim_camera(CAMERA, (3.0, 1.0, -2.0)), np.array([3.0, 1.0, -2.0])
    away = target - aimed.position
    assert aimed.position == CAMERA.position and np.allclose(aimed.axes[2], away / np.linalg.norm(away), atol=1e-6)


def test_a_turn_keeps_distance_height_and_pitch() -> None:
    centre = (1.0, 5.0, 2.0)
    turned = turn_camera(CAMERA, 90.0, centre)
    # 90 degrees counter-clockwise from above: what was at +x is at -z
    assert np.allclose(np.subtract(turned.position, centre), [2.0, -3.0, -9.0], atol=1e-9)
    assert turned.pitch == pytest.approx(CAMERA.pitch) and turned.yaw == pytest.approx(CAMERA.yaw + 90)
    back = turn_camera(turned, -90.0, centre)
    assert np.allclose(back.pose, CAMERA.pose, atol=1e-9)


def test_the_front_shows_the_whole_width_of_the_map(tiny_scene) -> None:
    scene = load_scene(str(tiny_scene))
    camera = make_front_view(scene).keyframes[0].camera
    rows, columns = scene.map.shape[:2]
    assert find_middle(scene) == (4.0, 1.0, 4.0)
    layered = replace(scene, layers=np.zeros((7, rows, columns), np.uint8))
    assert find_middle(layered) == (4.0, 3.5, 4.0) and make_front_view(layered).keyframes[0].camera.position[1] == 14.0
    corners = np.array([[x, 0.0, z, 1.0] for x in (0, columns) for z in (0, rows)])
    seen = corners @ camera.view.T
    assert (seen[:, 2] < 0).all() and (
        np.abs(seen[:, 0]) <= -seen[:, 2] * np.tan(np.radians(camera.fov) / 2) + 1e-6
    ).all()
