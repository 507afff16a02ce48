"""The six sides of a voxel: outward normals and the texel axes of a chart on each (u right, v down, seen from outside)."""

from __future__ import annotations

import numpy as np

# side: +x −x +y −y +z −z. v × u is the outward normal, so that an atlas picture is upright and not mirrored.
NORMAL = np.array([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)], dtype=np.float64)
U = np.array([(0, 0, -1), (0, 0, 1), (1, 0, 0), (1, 0, 0), (1, 0, 0), (-1, 0, 0)], dtype=np.float64)
V = np.array([(0, -1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1), (0, -1, 0), (0, -1, 0)], dtype=np.float64)
AXES = np.abs(np.stack([NORMAL, U, V], axis=1)).argmax(axis=-1)  # [6,3]: the world axes of normal, u and v


def signed_axis(vector: np.ndarray) -> tuple[int, int]:
    """Return (axis 0..2, sign) of a signed unit vector."""
    index = int(np.flatnonzero(vector)[0])
    return index, int(vector[index])
