"""Which camera and canvas a dream of a view takes, and when a camera has left a view behind: pure."""

from __future__ import annotations

import math

import numpy as np

from app.fields import Size
from base.grid import CELL
from engine.atlas import policy
from scenes.camera import Camera

MOST = 2048 * 2048  # pixels of a canvas, about: a dream takes half a kilobyte for each, and minutes a step on a CPU


def fitting(view: Size, height: int, around: float) -> tuple[int, float]:
    """What of `height` and `around` (of `canvas_size`) a canvas of MOST pixels holds: what lies around the view gives way first."""
    tallest = math.sqrt(MOST * view[1] / view[0])
    height = max(1, min(height, int(tallest)))
    return height, min(around, max(0.0, tallest / height - 1))


def canvas_size(view: Size, height: int, multiple: int, around: float = 0.0) -> Size:
    """The size of a dream for a view of this aspect: sides are multiples of `multiple`; inside its rim it sees at least as much.

    height: pixels that the view's height is dreamed with; around: how much more than the view is dreamed, as a share of it.
    """
    rim = 2 * policy.MARGIN
    tall = math.ceil((height * (1 + around) + rim) / multiple - 1e-9) * multiple
    return math.ceil(((tall - rim) * view[0] / view[1] + rim) / multiple - 1e-9) * multiple, tall


def surrounding(camera: Camera, height: int, tall: int) -> Camera:
    """The camera of a dream `tall` pixels high that shows in its middle what `camera` sees, `height` pixels high."""
    wider = np.tan(np.radians(camera.fov) / 2) * tall / height
    return camera.with_changes(fov=float(np.degrees(2 * np.arctan(wider))))


def beside(view: Size, height: int, canvas: Size) -> Size:
    """Latent pixels of a canvas that lie on each side of the view in its middle: columns, rows."""
    seen = height * view[0] / view[1], height
    columns, rows = (math.floor((n - s) / 2 / CELL + 1e-9) for n, s in zip(canvas, seen, strict=True))
    return columns, rows


def left_behind(then: Camera, now: Camera, angle: float, distance: float) -> bool:
    """Whether the camera has turned by more than `angle` degrees or moved by more than `distance` blocks."""
    turned = np.degrees(np.arccos(np.clip(then.axes[2] @ now.axes[2], -1, 1)))
    moved = np.linalg.norm(np.subtract(now.position, then.position))
    return bool(turned > angle or moved > distance)
