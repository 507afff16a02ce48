"""Where meshes are in the way: the cells of a grid that their surfaces pass through, for walking, shadows and generated paths."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scenes.extrude import MAX_CELLS, Blocks
from scenes.mesh import Mesh
from scenes.scene import Scene

FINE = 4  # cells for a block, where MOST_CELLS allows it
MOST_CELLS = 1 << 22
MOST_POINTS = 1 << 21  # on the surfaces of a scene


@dataclass(frozen=True)
class Obstacles:
    """solid: bool [Y,Z,X], cells that a surface passes through; fine: cells for a block; corner: int (x, y, z), the first cell."""

    solid: np.ndarray
    fine: float
    corner: tuple[int, int, int]

    def column(self, x: float, z: float) -> tuple[np.ndarray, int]:
        """(bool [Y], the number of its first cell counted from height 0) at a place on the plan, in blocks."""
        i, k = int(np.floor(x * self.fine)) - self.corner[0], int(np.floor(z * self.fine)) - self.corner[2]
        inside = 0 <= i < self.solid.shape[2] and 0 <= k < self.solid.shape[1]
        return (self.solid[:, k, i] if inside else np.zeros(0, bool)), self.corner[1]


def find_obstacles(scene: Scene) -> tuple[Obstacles, ...]:
    """The cells of each mesh."""
    found = []
    for mesh in scene.meshes:
        size = np.ptp(mesh.corners.reshape(-1, 3), axis=0) + 1
        fine = min(float(FINE), float((MOST_CELLS / size.prod()) ** (1 / 3)))
        cells = np.floor(surface_points(mesh, 0.5 / fine) * fine).astype(np.int64)
        low = cells.min(axis=0)
        solid = np.zeros((cells.max(axis=0) - low + 1)[[1, 2, 0]], bool)
        x, y, z = (cells - low).T
        solid[y, z, x] = True
        found.append(Obstacles(solid, fine, (int(low[0]), int(low[1]), int(low[2]))))
    return tuple(found)


def with_meshes(blocks: Blocks, scene: Scene) -> Blocks:
    """The blocks with every cell of the map filled that a mesh passes through: for what only asks where something stands."""
    if not scene.meshes:
        return blocks
    n, layers = blocks.voxels_per_block, MAX_CELLS // blocks.solid[0].size
    points = [surface_points(mesh, 0.5 / n) for mesh in scene.meshes]
    top = min(max(int(np.ceil(p[:, 1].max() * n)) for p in points), layers)
    solid = np.pad(blocks.solid, ((0, max(0, top - len(blocks.solid))), (0, 0), (0, 0)))
    for mesh, places in zip(scene.meshes, points, strict=True):
        x, y, z = np.floor(places * np.array([1, n, 1])).astype(np.int64).T
        inside = (x >= 0) & (y >= 0) & (z >= 0) & (x < solid.shape[2]) & (y < solid.shape[0]) & (z < solid.shape[1])
        solid[y[inside], z[inside], x[inside]] = scene.material_index(mesh.place.material) + 1
    return replace(blocks, solid=solid)


def surface_points(mesh: Mesh, apart: float) -> np.ndarray:
    """float64 [n,3]: points on all triangles, at most `apart` blocks from their neighbours (more, for a mesh larger than MOST_POINTS)."""
    corners = mesh.corners
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=-1).max(axis=1)
    apart = max(apart, float(edges.max()) / np.sqrt(MOST_POINTS))
    parts = np.ceil(edges / apart).astype(int)
    while (parts.astype(float) ** 2).sum() / 2 > MOST_POINTS and parts.max() > 1:
        apart *= 1.5
        parts = np.ceil(edges / apart).astype(int)
    found = []
    for count in np.unique(parts):
        a, b = np.mgrid[: count + 1, : count + 1].reshape(2, -1)
        a, b = (k[a + b <= count] / max(count, 1) for k in (a, b))
        weights = np.stack([1 - a - b, a, b], axis=1)
        found.append(np.einsum("nk,tkc->tnc", weights, corners[parts == count]).reshape(-1, 3))
    return np.concatenate(found)
