"""A block of the U-Net in space: a stack of feature maps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

PLANE_GAP = 0.085  # distance between planes of a stack


@dataclass(frozen=True)
class Slab:
    """A stack of planes from z = 0 backwards, one per doubling of the block's channels; the first shows where most goes on.
    place: [3], centre of the front; width, height: of the planes; planes: their number."""

    place: np.ndarray
    width: float
    height: float
    planes: int

    @property
    def depth(self) -> float:
        return (self.planes - 1) * PLANE_GAP

    @cached_property
    def corners(self) -> np.ndarray:
        """float64 [8,3]: corners of the box, the front's first, each face counter-clockwise from the lower left."""
        ways = np.array([(-1, -1, 1), (1, -1, 1), (1, 1, 1), (-1, 1, 1)])
        return np.array([self.point(*way) for way in (*ways, *(ways * (1, 1, -1)))])

    def point(self, right: float, up: float, front: float = 0.0) -> np.ndarray:
        """Return [3], a point of the box; coordinates −1..1 span its width, height and depth."""
        half = np.array([self.width, self.height, self.depth]) / 2
        return self.place + half * (right, up, front - 1)
