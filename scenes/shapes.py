"""Draws lines, rectangles and ellipses on a map's grid, as masks of blocks. Pure.

Places are (x, z) in blocks, columns first. A function gets the map's shape (rows, columns) and returns an `Area` inside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Place = tuple[float, float]
Shape = tuple[int, int]  # rows, columns


@dataclass(frozen=True)
class Area:
    """Blocks of a map. x, z: the first column and row; mask: bool [h,w], empty if no block lies on the map."""

    x: int
    z: int
    mask: np.ndarray

    @property
    def slices(self) -> tuple[slice, slice]:
        """Where the mask lies on the map."""
        return slice(self.z, self.z + self.mask.shape[0]), slice(self.x, self.x + self.mask.shape[1])


def draw_line(shape: Shape, start: Place, end: Place, size: int) -> Area:
    """Draw with a round brush, `size` blocks wide, along the line between two places."""
    a, b = (np.array(_snap(place, size)) for place in (start, end))
    x, z, low = _grid(shape, np.minimum(a, b) - size / 2, np.maximum(a, b) + size / 2)
    centres = np.stack(np.broadcast_arrays(x, z), axis=-1) + 0.5
    way = b - a
    along = np.clip(((centres - a) @ way) / max(float(way @ way), 1e-9), 0, 1)
    return Area(*low, np.linalg.norm(centres - a - along[..., None] * way, axis=-1) <= size / 2 + 1e-6)


def draw_rectangle(shape: Shape, start: Place, end: Place, outline: int = 0) -> Area:
    """Draw the rectangle whose opposite corners are the blocks at two places. outline: its thickness inwards; 0 fills it."""
    return _draw(shape, start, end, outline, lambda u, v, half: (abs(u) <= half[0]) & (abs(v) <= half[1]))


def draw_ellipse(shape: Shape, start: Place, end: Place, outline: int = 0) -> Area:
    """Draw the ellipse that touches all sides of `draw_rectangle`'s rectangle."""

    def inside(u: np.ndarray, v: np.ndarray, half: np.ndarray) -> np.ndarray:
        within = (abs(u) <= half[0]) & (abs(v) <= half[1])
        cross = (abs(u) <= 0.5) | (abs(v) <= 0.5)  # so that narrow ones touch their sides, too
        return within & ((u / half[0]) ** 2 + (v / half[1]) ** 2 <= 1 + 1e-9) | within & cross

    return _draw(shape, start, end, outline, inside)


DRAW: dict[str, Callable[[Shape, Place, Place, int], Area]] = {
    "line": draw_line,
    "rectangle": draw_rectangle,
    "ellipse": draw_ellipse,
}


def constrain(form: str, start: Place, end: Place) -> Place:
    """Move `end` so that a line is horizontal, vertical or diagonal, and other forms of DRAW are as wide as high."""
    begin = np.floor(start)
    way = np.floor(end) - begin
    across, down = abs(way)
    side = max(across, down)
    if form == "line" and min(across, down) * 2 < side:  # nearer to an axis than to a diagonal
        x, z = begin + np.where(abs(way) == side, way, 0)
    else:
        x, z = begin + np.where(way < 0, -side, side)
    return float(x) + 0.5, float(z) + 0.5


def find_box(start: Place, end: Place) -> tuple[np.ndarray, np.ndarray]:
    """Return (first, one past the last) block (x, z) of the rectangle between two places, as int64 [2] each."""
    a, b = np.floor(start).astype(int), np.floor(end).astype(int)
    return np.minimum(a, b), np.maximum(a, b) + 1


def _draw(shape: Shape, start: Place, end: Place, outline: int, inside: Callable[..., np.ndarray]) -> Area:
    """inside: (u, v, half) → bool; u, v: of blocks' centres from the middle, half: float [2], half the size.

    A block belongs to the outline if one of the blocks `outline` away on its row or column is outside. For convex forms that is
    what an erosion leaves, without looking beyond the map.
    """
    first, end_ = find_box(start, end)
    x, z, low = _grid(shape, first, end_)
    middle, half = (first + end_) / 2, (end_ - first) / 2
    u, v = x + 0.5 - middle[0], z + 0.5 - middle[1]
    mask = inside(u, v, half)
    if outline:
        n = outline
        mask &= ~(inside(u - n, v, half) & inside(u + n, v, half) & inside(u, v - n, half) & inside(u, v + n, half))
    return Area(*low, mask)


def _grid(shape: Shape, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Return columns int [1,w], rows int [h,1] and the first (x, z) of the blocks between two corners that lie on the map."""
    most = np.array([shape[1], shape[0]])
    first = np.clip(np.floor(low).astype(int), 0, most)
    last = np.clip(np.ceil(high).astype(int), first, most)
    x, z = np.arange(first[0], last[0])[None, :], np.arange(first[1], last[1])[:, None]
    return x, z, (int(first[0]), int(first[1]))


def _snap(place: Place, size: int) -> Place:
    """Snap the brush's centre to a block's centre for an odd width, to a corner for an even one."""
    x, z = (float(np.floor(c)) + 0.5 if size % 2 else float(np.round(c)) for c in place)
    return x, z
