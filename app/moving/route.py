"""A camera path that the user edits, as immutable keyframes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scenes.camera import Camera
from scenes.paths import sample_positions
from scenes.scene import CameraPath, Keyframe

PACE = 4.0  # blocks per second, for the time of a new keyframe
TURN = 60.0  # degrees a second
SHORTEST = 0.5  # s between two keyframes


@dataclass(frozen=True)
class Route:
    """cameras: in order; seconds: from each to the next (one fewer than cameras); loop: return to the first."""

    cameras: tuple[Camera, ...] = ()
    seconds: tuple[float, ...] = ()
    loop: bool = False
    name: str = "route"

    @staticmethod
    def of(path: CameraPath) -> Route:
        """The route of a path's keyframes. A loop's last keyframe is left out if it repeats the first."""
        times = [k.time for k in path.keyframes]
        return Route(tuple(k.camera for k in path.keyframes), tuple(np.diff(times).tolist()), path.loop, path.name)

    def add(self, camera: Camera) -> Route:
        """Add a keyframe at the end; its time follows from its distance to the last."""
        if not self.cameras:
            return replace(self, cameras=(camera,))
        return replace(self, cameras=(*self.cameras, camera), seconds=(*self.seconds, pace(self.cameras[-1], camera)))

    def replace_camera(self, index: int, camera: Camera) -> Route:
        return replace(self, cameras=(*self.cameras[:index], camera, *self.cameras[index + 1 :]))

    def remove(self, index: int) -> Route:
        cameras = self.cameras[:index] + self.cameras[index + 1 :]
        gap = min(index, len(self.seconds) - 1)
        seconds = list(self.seconds)
        if seconds:
            gone = seconds.pop(gap)
            if 0 < index < len(self.cameras) - 1:
                seconds[index - 1] = self.seconds[index - 1] + gone  # keep the total time
        return replace(self, cameras=cameras, seconds=tuple(seconds))

    def set_seconds(self, index: int, seconds: float) -> Route:
        """Set the seconds from keyframe `index` to the next."""
        return replace(self, seconds=(*self.seconds[:index], max(SHORTEST, seconds), *self.seconds[index + 1 :]))

    @property
    def path(self) -> CameraPath | None:
        """The path, or None with fewer than two keyframes."""
        if len(self.cameras) < 2:
            return None
        times = np.concatenate([[0.0], np.cumsum(self.seconds)])
        return CameraPath(
            self.name, tuple(Keyframe(c, float(t)) for c, t in zip(self.cameras, times, strict=True)), loop=self.loop
        )


def pace(start: Camera, end: Camera) -> float:
    """Seconds for a move between two cameras at PACE and TURN."""
    way = float(np.linalg.norm(np.subtract(end.position, start.position)))
    turn = float(np.degrees(np.arccos(np.clip(start.axes[2] @ end.axes[2], -1, 1))))
    return max(SHORTEST, round(max(way / PACE, turn / TURN), 1))


def polyline(path: CameraPath, camera: Camera, size: tuple[int, int], points: int = 160) -> list[np.ndarray]:
    """Project a path to a camera's picture: lines as float64 [n,2] in pixels, y down; only parts in front of the camera."""
    times = np.linspace(0, path.seconds, points)
    world = np.column_stack([sample_positions(path, times), np.ones(points)])
    clip = world @ camera.matrix(size).T
    front = clip[:, 3] > 0.1
    ndc = clip[:, :2] / np.where(front, clip[:, 3], 1.0)[:, None]
    pixels = (ndc * (0.5, -0.5) + 0.5) * size
    runs = np.split(np.arange(points), np.flatnonzero(np.diff(front.astype(int))) + 1)
    return [pixels[run] for run in runs if front[run[0]] and len(run) > 1]
