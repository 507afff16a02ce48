"""Draws floor plans: shapes of named materials on a grid of blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np


class Plan:
    """A grid of material names, `""` for empty ground. x runs along columns, z along rows; cells are half-open blocks."""

    def __init__(self, width: int, depth: int) -> None:
        self.names = np.full((depth, width), "", dtype="<U32")
        self.z, self.x = np.indices(self.names.shape) + 0.5  # centres of the blocks

    def fill_rectangle(self, name: str, x: int, z: int, width: int, depth: int) -> None:
        self.names[max(z, 0) : z + depth, max(x, 0) : x + width] = name

    def fill_disc(self, name: str, x: float, z: float, radius: float, wobble: float = 0.0, lobes: int = 3) -> None:
        """Fill a disc; its radius varies by the share `wobble`, `lobes` times around."""
        angle = np.arctan2(self.z - z, self.x - x)
        reach = radius * (1 + wobble * np.sin(lobes * angle + 0.7))
        self.names[np.hypot(self.x - x, self.z - z) < reach] = name

    def draw_path(self, name: str, points: Sequence[tuple[float, float]], width: float) -> None:
        """Draw a path along a polyline of (x, z) points."""
        for (x0, z0), (x1, z1) in pairwise(points):
            dx, dz = x1 - x0, z1 - z0
            along = ((self.x - x0) * dx + (self.z - z0) * dz) / max(dx * dx + dz * dz, 1e-9)
            along = np.clip(along, 0, 1)
            self.names[np.hypot(self.x - x0 - along * dx, self.z - z0 - along * dz) < width / 2] = name

    def place_blocks(self, name: str, cells: Iterable[tuple[int, int]]) -> None:
        """Place single blocks at (x, z)."""
        for x, z in cells:
            self.names[z, x] = name

    def stack_rings(self, names: Sequence[str], x: int, z: int, width: int, depth: int) -> None:
        """Fill nested rectangles from the outside in, one block apart, as for a stepped roof. The last name fills the middle."""
        for i, name in enumerate(names):
            if width - 2 * i > 0 and depth - 2 * i > 0:
                self.fill_rectangle(name, x + i, z + i, width - 2 * i, depth - 2 * i)
