"""A block of the U-Net in space: a stack of feature maps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

PLANE_GAP = 0.085  # between two planes of a stack


@dataclass(frozen=True)
class Slab:
    """Planes side by side from z = 0 backwards, one for each doubling of the block's channels; the first is how much goes on where.
    place: the middle of the front [3]; width, height, depth: of the stack."""

    place: np.ndarray
    width: float
    height: float
    planes: int

    @property
    def depth(self) -> float:
        return (self.planes - 1) * PLANE_GAP

    @cached_property
    def corners(self) -> np.ndarray:
        """float64 [8,3]: of its box, the front's first, both counter-clockwise from the lower left."""
        ways = np.array([(-1, -1, 1), (1, -1, 1), (1, 1, 1), (-1, 1, 1)])
        return np.array([self.point(*way) for way in (*ways, *(ways * (1, 1, -1)))])

    def point(self, right: float, up: float, front: float = 0.0) -> np.ndarray:
        """[3]: from the middle of the stack, −1..1 as far as it reaches."""
        half = np.array([self.width, self.height, self.depth]) / 2
        return self.place + half * (right, up, front - 1)
