"""Ground and obstacles for the walker, from a scene's blocks and meshes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from scenes.extrude import Blocks
from scenes.obstacles import Obstacles


@dataclass(frozen=True)
class BlockGround:
    """`blocks.solid` is uint8 [Y,Z,X]. A plane at height 0 lies below everything, also outside the map. obstacles: of meshes, which
    are in the way cell by cell."""

    blocks: Blocks
    obstacles: tuple[Obstacles, ...] = ()

    def top(self, x: float, z: float, below: float) -> float:
        """Height, in blocks, of the highest surface at (x, z) that is not above `below`; at least 0."""
        top = 0.0
        for column, first, fine in self._columns(x, z):
            filled = np.flatnonzero(column[: max(0, int(np.floor(below * fine + 1e-6)) - first)])
            top = max(top, (first + int(filled[-1]) + 1) / fine) if len(filled) else top
        return top

    def solid(self, x: float, z: float, low: float, high: float) -> bool:
        """Whether a voxel or a part of a mesh stands at (x, z) between the heights `low` and `high`, in blocks."""
        for column, first, fine in self._columns(x, z):
            bottom, end = int(np.floor(low * fine + 1e-6)) - first, int(np.ceil(high * fine - 1e-6)) - first
            if column[max(bottom, 0) : max(end, 0)].any():
                return True
        return False

    def _columns(self, x: float, z: float) -> Iterator[tuple[np.ndarray, int, float]]:
        """Of the blocks and of each mesh: (the cells at a place, the number of the first from height 0, cells for a block)."""
        solid = self.blocks.solid
        i, k = int(np.floor(x)), int(np.floor(z))
        if 0 <= i < solid.shape[2] and 0 <= k < solid.shape[1]:
            yield solid[:, k, i], 0, self.blocks.voxels_per_block
        for one in self.obstacles:
            yield *one.column(x, z), one.fine
