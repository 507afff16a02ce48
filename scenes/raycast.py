"""A small CPU raycaster over blocks: the tests' reference for the G-buffer, and pictures without GL.

Grid traversal after Amanatides & Woo, "A Fast Voxel Traversal Algorithm for Ray Tracing" (1987), all rays at once, on
cells of one block in x and z and one voxel in y. A ray hits where it passes from empty into solid, so a camera inside a
wall looks out of it, and the underside of the ground (y = 0 from below) is never hit, as with rasterised faces.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenes.camera import Camera
from scenes.extrude import Blocks


@dataclass(frozen=True)
class Hits:
    """What each pixel of an [H,W] picture sees.

    voxel: int32 [H,W,3], (x,y,z) in voxels, -1 = sky; side: int8 [H,W], 0..5 = +x −x +y −y +z −z, -1 = sky;
    depth: float64 [H,W], view-space z in blocks, inf = sky; point: float64 [H,W,3] in the world, nan = sky.
    """

    voxel: np.ndarray
    side: np.ndarray
    depth: np.ndarray
    point: np.ndarray


def cast_rays(blocks: Blocks, camera: Camera, size: tuple[int, int]) -> Hits:
    """Find the first solid face along every ray of a picture. size: (width, height) in pixels."""
    width, height = size
    rays = camera.rays(size).reshape(-1, 3)
    depth, axis, cell = _march_rays(blocks, np.asarray(camera.position, np.float64), rays)
    hit = axis >= 0
    n = blocks.voxels_per_block
    point = np.full(rays.shape, np.nan)
    voxel = np.full(rays.shape, -1, np.int32)
    side = np.full(len(rays), -1, np.int8)

    row = np.flatnonzero(hit)
    a, ray, c = axis[row], rays[row], cell[row]
    forward = ray[np.arange(len(row)), a] > 0
    scale = np.array([1.0, 1.0 / n, 1.0])  # blocks per cell
    p = np.asarray(camera.position) + depth[row, None] * ray
    p[np.arange(len(row)), a] = (c[np.arange(len(row)), a] + ~forward) * scale[a]  # exactly on the entered face
    cells = np.array([n, 1, n])  # voxels per cell
    v = np.clip(np.floor(p * n).astype(np.int64), c * cells, c * cells + cells - 1)
    point[row], voxel[row], side[row] = p, v, 2 * a + forward
    return Hits(
        voxel=voxel.reshape(height, width, 3),
        side=side.reshape(height, width),
        depth=depth.reshape(height, width),
        point=point.reshape(height, width, 3),
    )


def _march_rays(blocks: Blocks, origin: np.ndarray, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return per ray: depth float64 [R], axis of the entered face int64 [R] (-1: none), entered cell int64 [R,3]."""
    solid = np.ascontiguousarray(blocks.solid.transpose(2, 0, 1)) > 0  # [X,Y,Z]
    shape = np.array(solid.shape)
    scale = np.array([1.0, 1.0 / blocks.voxels_per_block, 1.0])
    depth = np.full(len(rays), np.inf)
    axis = np.full(len(rays), -1)
    found = np.zeros((len(rays), 3), np.int64)

    # From here on in cells: x = origin + t * direction, t is still depth.
    start, direction = origin / scale, rays / scale
    with np.errstate(divide="ignore", invalid="ignore"):
        near, far = (0 - start) / direction, (shape - start) / direction
    parallel = direction == 0
    within = (start >= 0) & (start < shape)
    enter = np.where(parallel, np.where(within, -np.inf, np.inf), np.minimum(near, far))
    leave = np.where(parallel, np.where(within, np.inf, -np.inf), np.maximum(near, far))
    t, last = enter.max(axis=1), leave.min(axis=1)
    through = enter.argmax(axis=1)
    alive = np.flatnonzero((t < last) & (last > 0))
    outside = t[alive] > 0

    t = np.maximum(t[alive], 0.0)
    d, entry = direction[alive], through[alive]
    step = np.sign(d).astype(np.int64)
    cell = np.floor(start + t[:, None] * d).astype(np.int64)
    onto = np.where(step > 0, 0, shape - 1)
    hits_plane = outside[:, None] & (np.arange(3) == entry[:, None])
    cell = np.clip(np.where(hits_plane, onto, cell), 0, shape - 1)
    # A camera exactly on a boundary that looks the negative way is in the cell behind it.
    edge = ~outside[:, None] & (start == cell) & (step < 0) & (cell > 0)
    cell -= edge
    now = solid[cell[:, 0], cell[:, 1], cell[:, 2]]
    before = np.where(outside, (entry == 1) & (d[:, 1] > 0), now & ~edge.any(axis=1))
    crossed = np.where(outside, entry, edge.argmax(axis=1))

    while len(alive):
        done = now & ~before
        rows = alive[done]
        depth[rows], axis[rows], found[rows] = t[done], crossed[done], cell[done]
        keep = ~done
        alive, cell, d, step, before = alive[keep], cell[keep], d[keep], step[keep], now[keep]
        with np.errstate(divide="ignore", invalid="ignore"):
            ahead = np.where(step != 0, (cell + (step > 0) - start) / d, np.inf)
        crossed = ahead.argmin(axis=1)
        index = np.arange(len(alive))
        t = ahead[index, crossed]
        cell[index, crossed] += step[index, crossed]
        c = cell[index, crossed]
        keep = (c >= 0) & (c < shape[crossed])
        alive, cell, d, step = alive[keep], cell[keep], d[keep], step[keep]
        before, t, crossed = before[keep], t[keep], crossed[keep]
        now = solid[cell[:, 0], cell[:, 1], cell[:, 2]]
    return depth, axis, found
