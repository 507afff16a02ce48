"""The state of the brush, which freezes, thaws, erases or masks paint in the view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.fields import Size
from app.state.stroke import Stroke
from scenes.camera import Camera

Point = tuple[float, float]
SMALLEST, LARGEST = 4.0, 400.0  # of the radius
FINEST = 480  # pixels along the longer side of the view that strokes are made in


@dataclass(frozen=True)
class Tool:
    """operation: of engine.edits.patch.OPERATIONS, None for mask tools; marks: change of the soft mask."""

    words: str
    operation: str = ""
    marks: float = 0.0


TOOLS: Mapping[str, Tool] = {
    "freeze": Tool("Freeze: protect the paint under the brush until it is thawed.", "freeze"),
    "thaw": Tool("Thaw: allow painting over frozen paint again.", "thaw"),
    "erase": Tool("Erase: remove the paint under the brush, so that it is painted again. Frozen paint stays.", "erase"),
    "mask": Tool("Mask: select what the Image panel repaints, most strongly at the centre of the brush.", marks=1.0),
    "unmask": Tool("Unmask: remove the mask under the brush.", marks=-1.0),
}


def view_size(size: Size) -> Size:
    """Scale a view so that no side is longer than FINEST."""
    factor = min(1.0, FINEST / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def distance(size: Size, points: list[Point], reach: float) -> np.ndarray:
    """Return float32 [H,W]: each pixel's distance to a polyline (pixels); may be infinite beyond `reach`."""
    nearest = np.full((size[1], size[0]), np.inf, np.float32)
    for (ax, ay), (bx, by) in zip(points, points[1:] or points, strict=False):
        (left, right), (top, bottom) = _span(ax, bx, reach, size[0]), _span(ay, by, reach, size[1])
        x, y = np.arange(left, right) + 0.5 - ax, np.arange(top, bottom)[:, None] + 0.5 - ay
        dx, dy = bx - ax, by - ay
        t = np.clip((x * dx + y * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
        near = nearest[top:bottom, left:right]
        np.minimum(near, np.sqrt((x - t * dx) ** 2 + (y - t * dy) ** 2), out=near, casting="same_kind")
    return nearest


def _span(a: float, b: float, reach: float, most: int) -> tuple[int, int]:
    """Return the range of pixels of 0..most within `reach` of the span between a and b, on one axis."""
    low, high = (int(np.clip(n, 0, most)) for n in (np.floor(min(a, b) - reach), np.ceil(max(a, b) + reach)))
    return low, high


class SoftMask:
    """A mask on one view: values float32 [H,W] in 0..1.

    spent: the mask was used. It is kept for another dream but hidden, to show the result.
    """

    def __init__(self) -> None:
        self.camera: Camera | None = None
        self.values = np.zeros((1, 1), np.float32)
        self.spent = False

    def of(self, camera: Camera) -> np.ndarray | None:
        """Return the values if they belong to this camera's view."""
        return self.values if camera == self.camera and self.values.any() else None

    def dab(self, camera: Camera, size: Size, points: list[Point], radius: float, strength: float) -> None:
        """Raise or lower the mask along a line: fully within half the radius, fading beyond."""
        if camera != self.camera or self.values.shape != size[::-1]:
            self.camera, self.values = camera, np.zeros(size[::-1], np.float32)
        brush = np.clip(2 - 2 * distance(size, points, radius) / radius, 0, 1).astype(np.float32)
        brush = brush * brush * (3 - 2 * brush)
        values = np.maximum(self.values, brush) if strength > 0 else np.minimum(self.values, 1 - brush)
        self.values, self.spent = values, False  # a new array, because pictures are cached by identity

    def clear(self) -> None:
        self.camera = None


class Brush:
    """The selected brush, and its path that is not applied to the surfaces yet (see `app.services.brush_strokes`).

    tool: a key of TOOLS, or "" without a brush; last: the last tool chosen; radius: in points at a scale of 1; mask: what was
    marked; stroke: what this press of the button has changed so far; way: points of the window since the last dab;
    down: whether the button is down; moved: whether the way has grown since the last dab.
    """

    def __init__(self) -> None:
        self.tool, self.last, self.radius = "", "freeze", 40.0
        self.mask = SoftMask()
        self.stroke: Stroke | None = None
        self.way: list[Point] = []
        self.down = self.moved = False

    @property
    def painting(self) -> bool:
        """Whether the button is down, or its stroke is unfinished."""
        return self.down or self.stroke is not None

    def choose(self, tool: str) -> None:
        """Select a tool of TOOLS, or none ("")."""
        self.tool, self.last = tool, tool or self.last

    def resize(self, factor: float) -> None:
        self.radius = min(max(self.radius * factor, SMALLEST), LARGEST)

    def press(self, x: float, y: float) -> None:
        """Handle a press of the button at a point of the window."""
        if not self.painting:
            self.down = self.moved = True
            self.way = [(x, y)]

    def move(self, x: float, y: float) -> None:
        """Handle movement of the pointer to a point of the window."""
        if self.down:
            self.way.append((x, y))
            self.moved = True

    def release(self) -> None:
        self.down = False
