"""Computes the camera and canvas size of a dream for a view, and whether the camera has left a view. Pure functions."""

from __future__ import annotations

import math

import numpy as np

from app.fields import Size
from base.grid import CELL
from engine.atlas import policy
from scenes.camera import Camera

MAX_PIXELS = (
    2048 * 2048
)  # approximate limit of a canvas: a dream needs half a kilobyte per pixel, and minutes per step on a CPU


def limit_canvas(view: Size, height: int, around: float) -> tuple[int, float]:
    """Reduce `around`, then `height` (see `canvas_size`), until the canvas has at most about MAX_PIXELS."""
    tallest = math.sqrt(MAX_PIXELS * view[1] / view[0])
    height = max(1, min(height, int(tallest)))
    return height, min(around, max(0.0, tallest / height - 1))


def canvas_size(view: Size, height: int, multiple: int, around: float = 0.0) -> Size:
    """Size (width, height) of a dream's canvas that covers a view and a rim of `policy.MARGIN` around it.

    view: only its aspect counts; height: pixels for the view's height; around: what is dreamed beyond the view, as a share of
    `height`. Both sides are multiples of `multiple`.
    """
    rim = 2 * policy.MARGIN
    tall = math.ceil((height * (1 + around) + rim) / multiple - 1e-9) * multiple
    return math.ceil(((tall - rim) * view[0] / view[1] + rim) / multiple - 1e-9) * multiple, tall


def widen_camera(camera: Camera, height: int, tall: int) -> Camera:
    """Widen the field of view for a picture `tall` pixels high whose central `height` pixels show what `camera` sees."""
    wider = np.tan(np.radians(camera.fov) / 2) * tall / height
    return camera.with_changes(fov=float(np.degrees(2 * np.arctan(wider))))


def border_width(view: Size, height: int, canvas: Size) -> Size:
    """Latent pixels (columns, rows) of a canvas that lie on each side of the view at its centre."""
    seen = height * view[0] / view[1], height
    columns, rows = (math.floor((n - s) / 2 / CELL + 1e-9) for n, s in zip(canvas, seen, strict=True))
    return columns, rows


def has_left(then: Camera, now: Camera, angle: float, distance: float) -> bool:
    """Whether the camera has turned by more than `angle` degrees or moved by more than `distance` blocks."""
    turned = np.degrees(np.arccos(np.clip(then.axes[2] @ now.axes[2], -1, 1)))
    moved = np.linalg.norm(np.subtract(now.position, then.position))
    return bool(turned > angle or moved > distance)
