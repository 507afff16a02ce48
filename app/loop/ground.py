"""Ground and obstacles for the walker, from a scene's blocks and meshes."""

from __future__ import annotations

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
        column = self._column(x, z)
        fine = self.blocks.voxels_per_block
        filled = np.flatnonzero(column[: max(0, int(np.floor(below * fine + 1e-6)))])
        top = (int(filled[-1]) + 1) / fine if len(filled) else 0.0
        for one in self.obstacles:
            column, first = one.column(x, z)
            filled = np.flatnonzero(column[: max(0, int(np.floor(below * one.fine + 1e-6)) - first)])
            top = max(top, (first + int(filled[-1]) + 1) / one.fine) if len(filled) else top
        return top

    def solid(self, x: float, z: float, low: float, high: float) -> bool:
        """Whether a voxel or a part of a mesh stands at (x, z) between the heights `low` and `high`, in blocks."""
        fine = self.blocks.voxels_per_block
        first, last = int(np.floor(max(0.0, low) * fine + 1e-6)), int(np.ceil(max(0.0, high) * fine - 1e-6))
        if self._column(x, z)[first:last].any():
            return True
        for one in self.obstacles:
            column, start = one.column(x, z)
            bottom, end = int(np.floor(low * one.fine + 1e-6)) - start, int(np.ceil(high * one.fine - 1e-6)) - start
            if column[max(bottom, 0) : max(end, 0)].any():
                return True
        return False

    def _column(self, x: float, z: float) -> np.ndarray:
        solid = self.blocks.solid
        i, k = int(np.floor(x)), int(np.floor(z))
        inside = 0 <= i < solid.shape[2] and 0 <= k < solid.shape[1]
        return solid[:, k, i] if inside else _NOTHING


_NOTHING = np.zeros(0, dtype=np.uint8)
