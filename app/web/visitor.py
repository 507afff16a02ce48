"""One browser: its camera, its view, and the picture last drawn for it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from app.fields import Size
from scenes.camera import Camera, is_pose

FOV = (20.0, 120.0)  # degrees
SMALLEST = 64  # pixels of a picture's side
TURN = np.diag([1.0, -1.0, -1.0])  # viser's cameras have y down and look along z, ours y up and look along -z


class Eye(Protocol):
    """A browser's camera, as viser has it."""

    @property
    def wxyz(self) -> Any: ...
    @property
    def position(self) -> Any: ...
    @property
    def fov(self) -> float: ...
    @property
    def image_width(self) -> int: ...
    @property
    def image_height(self) -> int: ...


@dataclass
class Visitor:
    """camera, size: None and (0, 0) until the browser has sent them; moved_at: when they changed last, seconds

    shown: what the picture shows that was sent last; sent_at: when; finished: the look that lacked nothing; coverage: 0..1 of the
    view, when it was examined last
    """

    mode: str
    daylight: float
    camera: Camera | None = None
    size: Size = (0, 0)
    moved_at: float = -math.inf
    shown: object = None
    sent_at: float = -math.inf
    finished: object = None
    coverage: float = 0.0

    def look(self, eye: Eye, limit: Size, now: float) -> None:
        """Adopt a browser's camera. Invalid ones are ignored."""
        camera, size = camera_of(eye), size_of(eye, limit)
        if camera is None or size is None or (camera, size) == (self.camera, self.size):
            return
        first = self.camera is None
        self.camera, self.size = camera, size
        self.moved_at = -math.inf if first else now  # the first view counts as one at rest

    def rests(self, now: float, seconds: float) -> bool:
        return self.camera is not None and now - self.moved_at >= seconds


def camera_of(eye: Eye) -> Camera | None:
    """Return a browser's camera; None for invalid numbers."""
    try:
        turn, position = np.asarray(eye.wxyz, float), np.asarray(eye.position, float)
        fov = math.degrees(float(eye.fov))
    except (TypeError, ValueError):
        return None
    if turn.shape != (4,) or position.shape != (3,) or not abs(np.linalg.norm(turn) - 1) < 1e-3:
        return None
    w, x, y, z = turn / np.linalg.norm(turn)
    axes = Camera(rotation=(float(x), float(y), float(z), float(w))).axes  # right, up and forward of -z
    pose = np.eye(4)
    pose[:3, :3] = np.stack([axes[0], axes[1], -axes[2]], axis=1) @ TURN
    pose[:3, 3] = position
    if not is_pose(pose) or not math.isfinite(fov):
        return None
    return Camera.from_pose(pose, min(max(fov, FOV[0]), FOV[1]))


def size_of(eye: Eye, limit: Size) -> Size | None:
    """Return the picture size for a browser: that of its window, reduced to `limit` at the same aspect ratio."""
    try:
        width, height = int(eye.image_width), int(eye.image_height)
    except (TypeError, ValueError):
        return None
    if width <= 0 or height <= 0:
        return None
    scale = min(1.0, limit[0] / width, limit[1] / height)
    return max(SMALLEST, round(width * scale)), max(SMALLEST, round(height * scale))


def wxyz_of(camera: Camera) -> tuple[float, float, float, float]:
    """Return a camera's rotation in viser's convention."""
    turned = np.eye(4)
    turned[:3, :3] = camera.pose[:3, :3] @ TURN
    x, y, z, w = Camera.from_pose(turned).rotation
    return w, x, y, z
