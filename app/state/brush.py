"""A round brush on the picture of the scene: what it freezes, thaws, erases, or marks for a dream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from app.fields import Size
from app.services.texel_strokes import Stroke
from scenes.camera import Camera

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer

Point = tuple[float, float]
SMALLEST, LARGEST = 4.0, 400.0  # of the radius
FINEST = 480  # pixels along the longer side of the view that strokes are made in


@dataclass(frozen=True)
class Tool:
    """operation: of engine.edits.patch.OPERATIONS; or none, and then marks: what the soft mask is changed by."""

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
    """A view of the same shape, no longer than FINEST."""
    factor = min(1.0, FINEST / max(size))
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def distance(size: Size, points: list[Point], reach: float) -> np.ndarray:
    """float32 [H,W]: each pixel's distance to the line through points (pixels); infinite where that is surely beyond `reach`."""
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
    """The pixels of 0..most that are within reach of something between a and b, on one axis."""
    low, high = (int(np.clip(n, 0, most)) for n in (np.floor(min(a, b) - reach), np.ceil(max(a, b) + reach)))
    return low, high


class SoftMask:
    """Marks on the picture of one view: values float32 [H,W] in 0..1. Another view has none. spent: they were dreamed; they are
    kept, to be dreamed again or changed, but would hide what came of it."""

    def __init__(self) -> None:
        self.camera: Camera | None = None
        self.values = np.zeros((1, 1), np.float32)
        self.spent = False

    def of(self, camera: Camera) -> np.ndarray | None:
        """The values, if there are any for this camera's view."""
        return self.values if camera == self.camera and self.values.any() else None

    def dab(self, camera: Camera, size: Size, points: list[Point], radius: float, strength: float) -> None:
        """Raise (or lower) the marks along a line: fully within half the radius, softly from there."""
        if camera != self.camera or self.values.shape != size[::-1]:
            self.camera, self.values = camera, np.zeros(size[::-1], np.float32)
        brush = np.clip(2 - 2 * distance(size, points, radius) / radius, 0, 1).astype(np.float32)
        brush = brush * brush * (3 - 2 * brush)
        values = np.maximum(self.values, brush) if strength > 0 else np.minimum(self.values, 1 - brush)
        self.values, self.spent = values, False  # a new array: pictures of it are compared by identity

    def clear(self) -> None:
        self.camera = None


class Brush:
    """tool: a key of TOOLS, or "" while there is no brush; radius: points, before `Platform.scale` makes them larger with all else;
    mask: what was marked."""

    def __init__(self) -> None:
        self.tool, self.last, self.radius = "", "freeze", 40.0
        self.mask = SoftMask()
        self._stroke: Stroke | None = None
        self._way: list[Point] = []  # since the last dab, in points of the window
        self._held = self._fresh = False

    @property
    def painting(self) -> bool:
        """Whether the button is down, or what it did isn't all done."""
        return self._held or self._stroke is not None

    def choose(self, tool: str) -> None:
        self.tool, self.last = tool, tool or self.last

    def resize(self, factor: float) -> None:
        self.radius = min(max(self.radius * factor, SMALLEST), LARGEST)

    def press(self, x: float, y: float) -> None:
        """The button goes down at a point of the window."""
        if not self.painting:
            self._held = self._fresh = True
            self._way = [(x, y)]

    def move(self, x: float, y: float) -> None:
        if self._held:
            self._way.append((x, y))
            self._fresh = True

    def release(self) -> None:
        self._held = False

    def step(self, x: Explorer) -> None:
        """One frame: lay down the way that the hand has gone since the last one."""
        if not self._way or x.stage is None or x.retouch.busy:
            return
        if self._fresh:
            self._dab(x)
            self._fresh, self._way = False, self._way[-1:]
        if not self._held:
            self._way = []
            if self._stroke is not None:
                stroke, self._stroke = self._stroke, None
                x.retouch.then(lambda: x.add_stroke(stroke))

    def _dab(self, x: Explorer) -> None:
        assert x.stage is not None
        left, top, width, height = x.shell.scene_box
        size, camera, tool = view_size(x.scene_size), x.camera, TOOLS[self.tool or self.last]
        scale = size[0] / width
        radius = self.radius * x.platform.scale * scale
        way = [((px - left) * scale, (py - top) * size[1] / height) for px, py in self._way]
        if tool.operation:
            self._stroke = self._stroke or x.retouch.begin(x.stage)
            near = distance(size, way, radius) < radius
            x.retouch.change(x.stage, self._stroke, x.stage.volume.seeing(camera, size, near), tool.operation)
        else:
            self.mask.dab(camera, size, way, radius, tool.marks)
