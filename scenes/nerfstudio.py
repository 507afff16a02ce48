"""nerfstudio's camera_path.json read and written.

The file's axes are OpenGL's, as ours; which way is up is not part of the format. nerfstudio's own scenes have z up, ours
have y up, and we write ours as they are. A keyframe's matrix is 16 numbers, row by row in today's nerfstudio, column by
column (and as a JSON text) in older ones and in three.js: the place of its 0 0 0 1 says which.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from base.errors import InputError
from base.files import atomic_write
from base.reading import read_json
from scenes.camera import Camera
from scenes.nerfstudio_fields import camera, find_property, flag, number, refuse_unrendered
from scenes.open3d import is_trajectory, trajectory_of
from scenes.paths import close_loop, sample_path
from scenes.scene import CameraPath, Keyframe

MAX_KEYFRAMES = 20_000
MAX_SECONDS = 3600.0
MAX_BYTES = 64 << 20
WHAT = "a camera_path.json as nerfstudio writes it"


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
        "camera_path": [_frame(sample_path(path, i / path.fps), aspect) for i in range(frames)],
    }
    text = json.dumps(data, allow_nan=False)
    for field in ('"keyframes": [', '"camera_path": ['):
        text = text.replace(field, field + "\n")
    text = text.replace("}, {", "},\n{")
    with atomic_write(file) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read_path(file: str | Path) -> CameraPath:
    """Read camera_path.json; its keyframes, or where it has none its frames. One camera is a still. Open3D's trajectories, too.

    Raises InputError naming file and field.
    """
    file = Path(file)
    data = read_json(file, WHAT, MAX_BYTES)
    if not isinstance(data, Mapping):
        raise InputError(file, "", "must be a JSON object with keyframes or camera_path")
    if is_trajectory(data):
        return trajectory_of(data, file)
    refuse_unrendered(file, data.get("camera_type"))
    fps = number(file, data.get("fps"), 24, "fps", 0.1, 1000)
    cycle = flag(file, data.get("is_cycle"), "is_cycle")
    field = "keyframes" if data.get("keyframes") else "camera_path"
    entries = data.get(field)
    if not isinstance(entries, list) or not 1 <= len(entries) <= MAX_KEYFRAMES:
        count = len(entries) if isinstance(entries, list) else 0
        raise InputError(file, field, f"has {count} entries; a path needs from 1 to {MAX_KEYFRAMES} keyframes")
    default = number(file, data.get("default_fov"), 60, "default_fov", 1, 170)
    cameras = [camera(file, f"{field}[{i}]", entry, default) for i, entry in enumerate(entries)]
    if len(cameras) == 1:
        seconds = max(number(file, data.get("seconds"), 0, "seconds", 0, MAX_SECONDS), 1 / fps)
        return CameraPath(file.stem, (Keyframe(cameras[0], 0.0), Keyframe(cameras[0], seconds)), fps)
    looped = cycle and not np.allclose(cameras[0].pose, cameras[-1].pose, atol=1e-6)
    times, seconds = _times(file, data, field, len(entries), fps, looped)
    keys = [Keyframe(camera, float(time)) for camera, time in zip(cameras, times, strict=True)]
    return CameraPath(
        name=file.stem, keyframes=close_loop(keys, seconds) if cycle else tuple(keys), fps=fps, loop=cycle
    )


def looks_like_path(file: Path) -> bool:
    """Whether a JSON file is meant to be a camera path: it has keyframes or frames. Raises InputError where it is no JSON."""
    data = read_json(file, WHAT, MAX_BYTES)
    return is_trajectory(data) or (isinstance(data, Mapping) and bool({"keyframes", "camera_path"} & data.keys()))


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
    seconds = number(file, data.get("seconds"), natural, "seconds", 0, MAX_SECONDS) or natural
    even = np.arange(count) * seconds / (count if looped else count - 1)
    if field == "camera_path":
        return even, seconds
    entries = data["keyframes"]
    marks = [find_property(entry, "TIME") for entry in entries]
    if all(m is not None for m in marks):
        places = [number(file, m, None, f"keyframes[{i}].properties TIME", 0, MAX_SECONDS) for i, m in enumerate(marks)]
        return _read_marks(file, np.array(places), seconds, fps, looped)
    timed = [
        flag(file, entry.get("override_transition_enabled"), f"keyframes[{i}].override_transition_enabled")
        for i, entry in enumerate(entries)
    ]
    if not any(timed):
        return even, seconds
    standard = number(file, data.get("default_transition_sec"), 2.0, "default_transition_sec", 0, MAX_SECONDS)
    gaps = [
        number(
            file,
            entry.get("override_transition_sec") if own else None,
            standard,
            f"keyframes[{i}].override_transition_sec",
            0,
            MAX_SECONDS,
        )
        for i, (entry, own) in enumerate(zip(entries, timed, strict=True))
    ]
    times = np.concatenate([[0.0], np.cumsum(np.maximum(gaps[1:], 1e-3))])
    whole = float(times[-1]) + (max(gaps[0], 1e-3) if looped else 0.0)
    if whole > MAX_SECONDS:
        problem = f"have transitions of {whole:g} seconds together; a path lasts at most {MAX_SECONDS:g} seconds"
        raise InputError(file, "keyframes", problem)
    return times, whole


def _read_marks(file: Path, marks: np.ndarray, seconds: float, fps: float, looped: bool) -> tuple[np.ndarray, float]:
    """`_times` of TIME properties [count]: shares of `seconds`, as nerfstudio's viewers write, or seconds, as its Blender add-on does.

    The old web viewer leaves a loop's way back out: the last keyframe is at 1, and the way back takes as long as a mean step.
    """
    if not (np.diff(marks) > 0).all():
        raise InputError(file, "keyframes", "have TIME properties that don't rise; each must be later than the last")
    if marks[-1] > 1 + 1e-6 or np.allclose(marks, np.arange(len(marks)) / fps, atol=1e-4):
        times, whole = marks - marks[0], max(seconds, float(marks[-1] - marks[0]))
    else:
        times, whole = (marks - marks[0]) * seconds, seconds
    if looped and times[-1] >= whole - 1e-9:
        times = times / times[-1] * whole * (len(times) - 1) / len(times)
    return times, whole if looped else float(times[-1])
