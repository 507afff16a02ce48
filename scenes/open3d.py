"""Camera trajectories of Open3D: lists of pinhole cameras in JSON, one for each frame.

Matrices are lists of their columns. An extrinsic is world to camera, with x right, y down and z forward; the picture's height and
the focal length in the intrinsic give the field of view. Which way is up in the world is not part of the format; here it is y.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from base.errors import InputError
from scenes.camera import Camera, is_pose
from scenes.nerfstudio_fields import FAR, number
from scenes.scene import CameraPath, Keyframe

TRAJECTORY, CAMERA = "PinholeCameraTrajectory", "PinholeCameraParameters"
MAX_CAMERAS = 20_000
FPS = 24.0  # the format has none
MAX_PIXELS = 65536
FLIP = np.diag([1.0, -1.0, -1.0, 1.0])  # from OpenCV's axes to OpenGL's


def is_trajectory(data: object) -> bool:
    """Whether JSON values are a trajectory, or one camera, as Open3D writes them."""
    return isinstance(data, Mapping) and data.get("class_name") in (TRAJECTORY, CAMERA)


def trajectory_of(data: Mapping[str, Any], file: Path) -> CameraPath:
    """The path of a trajectory's cameras, FPS of them a second; one camera is a still. Raises InputError naming the field."""
    alone = data["class_name"] == CAMERA
    entries = [data] if alone else data.get("parameters")
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_CAMERAS:
        count = len(entries) if isinstance(entries, list) else 0
        raise InputError(file, "parameters", f"has {count} entries; a trajectory needs from 1 to {MAX_CAMERAS} cameras")
    places = [""] if alone else [f"parameters[{i}]." for i in range(len(entries))]
    cameras = [_camera(file, place, entry) for place, entry in zip(places, entries, strict=True)]
    if len(cameras) == 1:
        cameras *= 2
    keys = tuple(Keyframe(camera, i / FPS) for i, camera in enumerate(cameras))
    return CameraPath(file.stem, keys, FPS)


def _camera(file: Path, at: str, entry: object) -> Camera:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("intrinsic"), Mapping):
        raise InputError(file, at.rstrip(".") or "intrinsic", "must be an object with an extrinsic and an intrinsic")
    pose = np.linalg.inv(_matrix(file, f"{at}extrinsic", entry.get("extrinsic"), 4)) @ FLIP
    if not is_pose(pose):
        raise InputError(file, f"{at}extrinsic", "is not a pose: it must turn and move, but not stretch or mirror")
    intrinsic = entry["intrinsic"]
    height = number(file, intrinsic.get("height"), None, f"{at}intrinsic.height", 1, MAX_PIXELS)
    focal = float(_matrix(file, f"{at}intrinsic.intrinsic_matrix", intrinsic.get("intrinsic_matrix"), 3)[1, 1])
    fov = math.degrees(2 * math.atan2(height / 2, focal))
    if not 1 <= fov <= 170:
        problem = f"gives a field of view of {fov:.4g} degrees; 1 to 170 work"
        raise InputError(file, f"{at}intrinsic.intrinsic_matrix", problem)
    return Camera.from_pose(pose, fov)


def _matrix(file: Path, field: str, values: object, side: int) -> np.ndarray:
    """[side,side] from a list of its columns, one after the other; it can be inverted."""
    try:
        matrix = np.array(values, dtype=np.float64).reshape(side, side).T
    except (TypeError, ValueError) as error:
        raise InputError(file, field, f"must be a list of {side * side} numbers") from error
    if not np.isfinite(matrix).all() or np.abs(matrix).max() > FAR or abs(np.linalg.det(matrix)) < 1e-9:
        raise InputError(file, field, "must be a matrix of finite numbers that can be inverted")
    return matrix
