"""Open3D's camera trajectories, as that program writes them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from base.errors import InputError
from scenes.camera import Camera
from scenes.nerfstudio import looks_like_path, read_path

CAMERAS = [Camera.from_angles((float(i), 2.0, 5.0 - i), 40.0 * i, -5.0 * i, 50.0) for i in range(3)]


def parameters(camera: Camera, height: int = 480) -> dict:
    """What Open3D writes for a camera: x right, y down, z forward; matrices column by column."""
    extrinsic = np.diag([1.0, -1.0, -1.0, 1.0]) @ camera.view
    focal = height / 2 / np.tan(np.radians(camera.fov) / 2)
    matrix = np.array([[focal, 0, 319.5], [0, focal, 239.5], [0, 0, 1]])
    intrinsic = {"width": 640, "height": height, "intrinsic_matrix": matrix.T.ravel().tolist()}
    return {
        "class_name": "PinholeCameraParameters",
        "extrinsic": extrinsic.T.ravel().tolist(),
        "intrinsic": intrinsic,
        "version_major": 1,
        "version_minor": 0,
    }


def write(file: Path, data: object) -> Path:
    file.write_text(json.dumps(data))
    return file


def test_a_trajectory_is_a_path_of_its_cameras(tmp_path) -> None:
    data = {"class_name": "PinholeCameraTrajectory", "parameters": [parameters(c) for c in CAMERAS]}
    file = write(tmp_path / "walk.json", data)
    path = read_path(file)
    assert looks_like_path(file) and path.name == "walk" and path.seconds == pytest.approx(2 / 24)
    for key, camera in zip(path.keyframes, CAMERAS, strict=True):
        assert np.allclose(key.camera.pose, camera.pose, atol=1e-9) and key.camera.fov == pytest.approx(50)


def test_one_camera_is_a_still(tmp_path) -> None:
    path = read_path(write(tmp_path / "view.json", parameters(CAMERAS[1])))
    assert len(path.keyframes) == 2 and np.allclose(path.keyframes[0].camera.pose, CAMERAS[1].pose, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"extrinsic": [1.0] * 16}, r"parameters\[1\].extrinsic must be a matrix of finite numbers"),
        ({"extrinsic": "none"}, r"parameters\[1\].extrinsic must be a list of 16 numbers"),
        ({"extrinsic": [2.0 * (i % 5 == 0) for i in range(16)]}, "is not a pose"),
        (
            {"intrinsic": {"height": 480, "intrinsic_matrix": [1e-6, 0, 0, 0, 1e-6, 0, 0, 0, 1e6]}},
            "gives a field of view",
        ),
        ({"intrinsic": {"height": 0, "intrinsic_matrix": [1, 0, 0, 0, 1, 0, 0, 0, 1]}}, "intrinsic.height"),
        ({"intrinsic": 3}, "must be an object with an extrinsic and an intrinsic"),
    ],
)
def test_a_wrong_camera_is_named(tmp_path, change, said) -> None:
    data = {
        "class_name": "PinholeCameraTrajectory",
        "parameters": [parameters(CAMERAS[0]), parameters(CAMERAS[1]) | change],
    }
    with pytest.raises(InputError, match=said):
        read_path(write(tmp_path / "a.json", data))


def test_an_empty_trajectory_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="parameters has 0 entries"):
        read_path(write(tmp_path / "a.json", {"class_name": "PinholeCameraTrajectory", "parameters": []}))
