"""nerfstudio's camera_path.json read and written.

The file's axes are OpenGL's, as ours; which way is up is not part of the format. nerfstudio's own scenes have z up, ours
have y up, and we write ours as they are. A keyframe's matrix is 16 numbers, row by row in today's nerfstudio, column by
column (and as a JSON text) in older ones and in three.js: the place of its 0 0 0 1 says which.
"""

from __future__ import annotations

import json
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from base.errors import InputError
from base.files import atomic_write
from base.reading import read_json
from scenes.camera import Camera, is_pose
from scenes.paths import closed, sample
from scenes.scene import CameraPath, Keyframe

MAX_KEYFRAMES = 20_000
MAX_SECONDS = 3600.0


def write_path(path: CameraPath, file: str | Path, size: tuple[int, int] = (960, 540)) -> None:
    """Write camera_path.json: the keyframes, and every frame of them at the path's fps for a (width, height) picture."""
    width, height = size
    aspect = width / height
    keys = path.keyframes[:-1] if path.loop else path.keyframes
    frames = round(path.seconds * path.fps) + (0 if path.loop else 1)
    data = {
        "camera_type": "perspective",
        "render_height": height,
        "render_width": width,
        "fps": path.fps,
        "seconds": path.seconds,
        "is_cycle": path.loop,
        "smoothness_value": 0.5,
        "default_fov": keys[0].camera.fov,
        "keyframes": [_keyframe(path, i, aspect) for i in range(len(keys))],
        "camera_path": [_frame(sample(path, i / path.fps), aspect) for i in range(frames)],
    }
    text = json.dumps(data, allow_nan=False)
    for field in ('"keyframes": [', '"camera_path": ['):
        text = text.replace(field, field + "\n")
    text = text.replace("}, {", "},\n{")
    with atomic_write(file) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_path(file: str | Path) -> CameraPath:
    """Read camera_path.json; its keyframes, or where it has none its frames. Raises InputError naming file and field."""
    file = Path(file)
    data = _load(file)
    fps = _number(file, data.get("fps", 24), "fps", 0.1, 1000)
    cycle = data.get("is_cycle", False)
    if not isinstance(cycle, bool):
        raise InputError(file, "is_cycle", f"is {reprlib.repr(cycle)}; it is true or false")
    field = "keyframes" if data.get("keyframes") else "camera_path"
    entries = data.get(field)
    if not isinstance(entries, list) or not 2 <= len(entries) <= MAX_KEYFRAMES:
        count = len(entries) if isinstance(entries, list) else 0
        raise InputError(file, field, f"has {count} entries; a path needs from 2 to {MAX_KEYFRAMES} keyframes")
    default = _number(file, data.get("default_fov", 60), "default_fov", 1, 170)
    cameras = [_camera(file, f"{field}[{i}]", entry, default) for i, entry in enumerate(entries)]
    looped = cycle and not np.allclose(cameras[0].pose, cameras[-1].pose, atol=1e-6)
    times, seconds = _times(file, data, field, len(entries), fps, looped)
    keys = [Keyframe(camera, float(time)) for camera, time in zip(cameras, times, strict=True)]
    return CameraPath(name=file.stem, keyframes=closed(keys, seconds) if cycle else tuple(keys), fps=fps, loop=cycle)


def _keyframe(path: CameraPath, index: int, aspect: float) -> dict[str, Any]:
    key = path.keyframes[index]
    before = path.keyframes[index - 1].time if index else path.keyframes[-2].time - path.seconds if path.loop else 0.0
    return {
        "matrix": key.camera.pose.ravel().tolist(),
        "fov": key.camera.fov,
        "aspect": aspect,
        "override_transition_enabled": True,
        "override_transition_sec": key.time - before,
        "properties": [["FOV", key.camera.fov], ["NAME", f"Camera {index}"], ["TIME", key.time / path.seconds]],
    }


def _frame(camera: Camera, aspect: float) -> dict[str, Any]:
    pose = [round(float(v), 6) + 0.0 for v in camera.pose.ravel()]
    return {"camera_to_world": pose, "fov": round(camera.fov, 6), "aspect": aspect}


def _times(
    file: Path, data: Mapping[str, Any], field: str, count: int, fps: float, looped: bool
) -> tuple[np.ndarray, float]:
    """(rising times from 0 [count], the whole path's seconds). `looped`: the last keyframe still has to join the first."""
    natural = (count - (0 if looped else 1)) / fps if field == "camera_path" else float(count - (0 if looped else 1))
    seconds = _number(file, data.get("seconds", natural), "seconds", 1e-3, MAX_SECONDS)
    even = np.arange(count) * seconds / (count if looped else count - 1)
    if field == "camera_path":
        return even, seconds
    entries = data["keyframes"]
    marks = [_property(entry, "TIME") for entry in entries]
    if all(m is not None for m in marks):
        times = np.array([_number(file, m, f"keyframes[{i}].properties TIME", 0, 1) for i, m in enumerate(marks)])
        times = (times - times[0]) * seconds
        if not (np.diff(times) > 0).all() or (looped and times[-1] >= seconds):
            raise InputError(
                file, "keyframes", "have TIME properties that don't rise; each must be later than the last"
            )
        return times, seconds if looped else float(times[-1])
    if not any(entry.get("override_transition_enabled") for entry in entries):
        return even, seconds
    standard = data.get("default_transition_sec", 2.0)
    gaps = [
        _number(
            file,
            entry.get("override_transition_sec") if entry.get("override_transition_enabled") else standard,
            f"keyframes[{i}].override_transition_sec",
            0,
            MAX_SECONDS,
        )
        for i, entry in enumerate(entries)
    ]
    times = np.concatenate([[0.0], np.cumsum(np.maximum(gaps[1:], 1e-3))])
    return times, float(times[-1]) + (max(gaps[0], 1e-3) if looped else 0.0)


def _camera(file: Path, field: str, entry: object, default_fov: float) -> Camera:
    if not isinstance(entry, Mapping):
        raise InputError(file, field, "must be an object with a matrix and a fov")
    name = "matrix" if "matrix" in entry else "camera_to_world"
    values = entry.get(name)
    text = isinstance(values, str)
    try:
        pose = np.array(json.loads(values) if text else values, dtype=np.float64).reshape(4, 4)
    except (TypeError, ValueError, OverflowError):
        raise InputError(file, f"{field}.{name}", "must be 16 numbers, a 4×4 matrix") from None
    row, column = (np.allclose(m[3], [0, 0, 0, 1], atol=1e-6) for m in (pose, pose.T))
    if column and (text or not row):
        pose = pose.T
    if not is_pose(pose):
        raise InputError(file, f"{field}.{name}", "is not a camera pose; it must be a finite rotation and a position")
    fov = _number(file, entry.get("fov", default_fov), f"{field}.fov", 1, 170)
    return Camera.from_pose(pose, fov)


def _property(entry: Mapping[str, Any], name: str) -> Any:
    """A keyframe's property by name from either form that nerfstudio has written; None if it has none."""
    properties = entry.get("properties")
    if isinstance(properties, str):
        try:
            properties = json.loads(properties)
        except ValueError:
            return None
    if not isinstance(properties, list):
        return None
    return next((p[1] for p in properties if isinstance(p, list) and len(p) == 2 and p[0] == name), None)


def _load(file: Path) -> Mapping[str, Any]:
    data = read_json(file, "a camera_path.json as nerfstudio writes it")
    if not isinstance(data, Mapping):
        raise InputError(file, "", "must be a JSON object with keyframes or camera_path")
    return data


def _number(file: Path, value: object, field: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise InputError(file, field, f"is {reprlib.repr(value)}; it is a number from {least:g} to {most:g}")
    return float(value)
