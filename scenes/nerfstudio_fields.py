"""Reads the values of a camera_path.json as leniently as needed: "30" is 30, "true" is true, null is absent."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from base.errors import InputError
from base.reading import parse_json
from scenes.camera import Camera, is_pose

FLAGS = {"true": True, "false": False, "1": True, "0": False}
FAR = 1e6  # blocks: the greatest number in a matrix, scaled ones included
KINDS = ("perspective",)  # of cameras that can be rendered


def number(file: Path, value: object, default: float | None, field: str, least: float, most: float) -> float:
    """A number from least to most, or `default` where there is none. Raises InputError."""
    found = default if value is None else value
    if isinstance(found, str):
        try:
            found = float(found)
        except ValueError:
            found = None
    if isinstance(found, bool) or not isinstance(found, int | float) or not least <= found <= most:
        found = reprlib.repr(default if value is None else value)
        raise InputError(file, field, f"is {found}; it is a number from {least:g} to {most:g}")
    return float(found)


def flag(file: Path, value: object, field: str) -> bool:
    """True or false, false where there is nothing. Raises InputError."""
    found = False if value is None else FLAGS.get(str(value).lower())
    if found is None:
        raise InputError(file, field, f"is {reprlib.repr(value)}; it is true or false")
    return found


def refuse_unrendered(file: Path, kind: object) -> None:
    """InputError for a camera type that is not drawn here; without one it is a perspective."""
    if kind is not None and str(kind).lower() not in ("", *KINDS):
        problem = f"is {reprlib.repr(kind)}; only cameras of type {KINDS[0]} can be rendered"
        raise InputError(file, "camera_type", problem)


def camera(file: Path, field: str, entry: object, default_fov: float) -> Camera:
    """The camera of a keyframe or frame; a pose scaled as a whole counts as a pose. Raises InputError."""
    if not isinstance(entry, Mapping):
        raise InputError(file, field, "must be an object with a matrix and a fov")
    name = "matrix" if "matrix" in entry else "camera_to_world"
    values = entry.get(name)
    text = isinstance(values, str)
    if text:
        values = parse_json(values, file, "a JSON list of 16 numbers", f"{field}.{name}")
    try:
        pose = np.array(values, dtype=np.float64).reshape(4, 4)
    except (TypeError, ValueError, OverflowError):
        raise InputError(file, f"{field}.{name}", "must be 16 numbers, a 4×4 matrix") from None
    if not (np.abs(pose) <= FAR).all():  # so written, nan is outside
        raise InputError(file, f"{field}.{name}", f"has a number that is not from {-FAR:g} to {FAR:g}")
    row, column = (np.allclose(m[3], [0, 0, 0, 1], atol=1e-6) for m in (pose, pose.T))
    if column and (text or not row):
        pose = pose.T
    pose = _remove_scale(pose)
    if not is_pose(pose):
        raise InputError(file, f"{field}.{name}", "is not a camera pose; it must be a finite rotation and a position")
    return Camera.from_pose(pose, number(file, entry.get("fov"), default_fov, f"{field}.fov", 1, 170))


def find_property(entry: Mapping[str, Any], name: str) -> Any:
    """A keyframe's property by name from either form that nerfstudio has written; None if it has none."""
    properties = entry.get("properties")
    if isinstance(properties, str):
        try:
            properties = parse_json(properties, "", "a list")
        except InputError:
            return None
    if not isinstance(properties, list):
        return None
    return next((p[1] for p in properties if isinstance(p, list) and len(p) == 2 and p[0] == name), None)


def _remove_scale(pose: np.ndarray) -> np.ndarray:
    """A pose [4,4] without a scale that is the same along all axes, as that of a scene scaled in Blender."""
    sizes = np.linalg.norm(pose[:3, :3], axis=0)
    if not np.isfinite(sizes).all() or sizes.min() < 1e-9 or sizes.max() > sizes.min() * 1.001:
        return pose
    return np.block([[pose[:3, :3] / sizes, pose[:3, 3:]], [pose[3:]]])
