"""Samples camera paths: a smooth spline between keyframes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scenes.camera import Camera
from scenes.scene import CameraPath, Keyframe


def sample_path(path: CameraPath, seconds: float) -> Camera:
    """Return the camera at a time in seconds. A loop repeats forever; other paths stop at their ends.

    Position, field of view and rotation follow a cubic Hermite spline with Catmull-Rom tangents for uneven times. If all keyframes
    are upright, yaw and pitch are interpolated, so that the horizon stays level; otherwise sign-aligned quaternions, renormalised.
    """
    at = seconds % path.seconds if path.loop else min(max(seconds, 0.0), path.seconds)
    spline = _fit_spline(path)
    x, y, z, fov, *turn = interpolate_hermite(spline.times, spline.values, at, path.loop).tolist()
    if spline.upright:
        camera = Camera.from_angles((x, y, z), turn[0], turn[1], fov)
    else:
        camera = Camera(position=(x, y, z), rotation=tuple(turn / np.linalg.norm(turn)), fov=fov)  # type: ignore[arg-type]
    return camera.with_changes(near=path.keyframes[0].camera.near, far=path.keyframes[0].camera.far)


@dataclass(frozen=True)
class _Spline:
    """times [N]; values [N,K]: position, field of view, then yaw and pitch in degrees if upright, else a quaternion."""

    times: np.ndarray
    values: np.ndarray
    upright: bool


@lru_cache(maxsize=16)
def _fit_spline(path: CameraPath) -> _Spline:
    cameras = [k.camera for k in path.keyframes]
    upright = all(_is_upright(c) for c in cameras)
    if upright:
        yaw = np.degrees(np.unwrap(np.radians([c.yaw for c in cameras])))
        turns = np.stack([yaw, [c.pitch for c in cameras]], axis=1)
    else:
        turns = np.array([c.rotation for c in cameras])
        signs = np.cumprod(np.where((turns[1:] * turns[:-1]).sum(axis=1) < 0, -1, 1))
        turns = turns * np.concatenate([[1], signs])[:, None]
    values = np.array([[*c.position, c.fov] for c in cameras])
    return _Spline(np.array([k.time for k in path.keyframes]), np.concatenate([values, turns], axis=1), upright)


def sample_positions(path: CameraPath, seconds: np.ndarray) -> np.ndarray:
    """Return float64 [T,3]: the positions of `sample_path` at times [T] within the path."""
    places = np.array([k.camera.position for k in path.keyframes])
    return interpolate_hermite(np.array([k.time for k in path.keyframes]), places, np.asarray(seconds), path.loop)


def interpolate_hermite(times: np.ndarray, values: np.ndarray, at: float | np.ndarray, loop: bool) -> np.ndarray:
    """Return [...,K]: a cubic Hermite spline through values [N,K] at rising times [N], evaluated at times [...].

    Tangents are Catmull-Rom's for uneven spacing; a loop's first and last are equal.
    """
    gaps = np.diff(times)
    slopes = np.diff(values, axis=0) / gaps[:, None]
    before = np.concatenate([slopes[-1:] if loop else slopes[:1], slopes])
    after = np.concatenate([slopes, slopes[:1] if loop else slopes[-1:]])
    gap_before = np.concatenate([gaps[-1:] if loop else gaps[:1], gaps])[:, None]
    gap_after = np.concatenate([gaps, gaps[:1] if loop else gaps[-1:]])[:, None]
    tangents = (before * gap_after + after * gap_before) / (gap_before + gap_after)
    i = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(gaps) - 1)
    h, u = gaps[i, None], ((at - times[i]) / gaps[i])[..., None]
    a, b = values[i], values[i + 1]
    bend = (tangents[i] * h - (b - a)) * (1 - u) + ((b - a) - tangents[i + 1] * h) * u
    return a + (b - a) * u + u * (1 - u) * bend


def close_loop(keyframes: list[Keyframe], seconds: float) -> tuple[Keyframe, ...]:
    """Close a loop: append the first pose at `seconds`, unless the last keyframe has it already."""
    first, last = keyframes[0], keyframes[-1]
    closed = np.allclose(first.camera.pose, last.camera.pose, atol=1e-6)
    if closed and (len(keyframes) > 2 or last.time >= seconds):
        return tuple(keyframes)
    return (*keyframes, Keyframe(first.camera, seconds))


def _is_upright(camera: Camera) -> bool:
    right, up, _ = camera.axes
    return abs(right[1]) < 1e-6 and up[1] > 0.05
