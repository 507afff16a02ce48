"""Charts by the plane that they lie in, with texel coordinates that all charts of a plane share."""

from __future__ import annotations

import numpy as np

from engine.geometry import sides
from engine.geometry.charts import Charts

Rectangle = tuple[int, int, int, int]  # u, v, width, height, in texels of a plane


class PlaneIndex:
    """The planes of a scene's blocks.

    A plane has the texel coordinates u (right) and v (down) of its side, the same as its charts', counted from the world's origin.
    plane: int32 [N], the plane of each chart, -1 for the sky and for meshes; side, height: int [P], each plane's side and its place
    along the axis of its normal, in voxels; u, v: int [N], where each chart begins.
    """

    def __init__(self, charts: Charts) -> None:
        self.charts = charts
        side = charts.side.astype(np.int64)
        corner = charts.corner.astype(np.int64)
        self.u, self.v = ((corner * axis[side]).sum(1).astype(np.int64) for axis in (sides.U, sides.V))
        height = (corner * np.abs(sides.NORMAL[side])).sum(1).astype(np.int64)
        solid = np.flatnonzero(charts.of_blocks)
        keys, which = np.unique(np.stack([side[solid], height[solid]], 1), axis=0, return_inverse=True)
        self.side, self.height = keys.T if len(keys) else np.zeros((2, 0), np.int64)
        self.plane = np.full(len(charts), -1, np.int32)
        self.plane[solid] = which.ravel()
        order = solid[np.argsort(which.ravel(), kind="stable")]
        self._members = np.split(order, np.cumsum(np.bincount(which.ravel(), minlength=len(keys)))[:-1])

    def find_charts(self, plane: int, rectangle: Rectangle) -> np.ndarray:
        """Return int [n]: the plane's charts that overlap a rectangle."""
        u, v, width, height = rectangle
        found = self._members[plane]
        w, h = self.charts.size[found].T
        cu, cv = self.u[found], self.v[found]
        return found[(cu < u + width) & (cu + w > u) & (cv < v + height) & (cv + h > v)]

    def points(self, plane: int, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Return float64 [...,3]: the world's points at texel coordinates u, v [...] of a plane, blocks."""
        side = int(self.side[plane])
        out = np.asarray(u)[..., None] * sides.U[side] + np.asarray(v)[..., None] * sides.V[side]
        return (out + np.abs(sides.NORMAL[side]) * self.height[plane]) * self.charts.texel
