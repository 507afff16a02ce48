"""Daylight for unpainted surfaces: sun shadows and ambient occlusion, baked into a small 3D texture."""

from __future__ import annotations

from dataclasses import dataclass

import moderngl
import numpy as np

from scenes.extrude import Blocks
from scenes.obstacles import surface_points
from scenes.scene import Scene

SUN = np.array([0.52, 0.72, 0.46]) / np.linalg.norm(
    [0.52, 0.72, 0.46]
)  # direction towards the sun: afternoon, over the right shoulder
PAD = 1  # empty blocks around the map, so that walls at its edge are lit
SHADOW = 14.0  # blocks: most height over which a voxel casts a shadow
REACH = 0.7  # blocks: radius within which voxels block ambient light
HIGHEST = 64.0  # blocks up to which meshes cast shadows on what is higher than the blocks
CELLS = 4_000_000  # most cells of the texture
SLAB = 2_000_000  # cells processed at a time
NOON = (97, 143, 204)  # colour of the sky overhead if the scene has none


def bake_daylight(
    solid: np.ndarray, opaque: np.ndarray, voxels: int, points: np.ndarray | None = None
) -> tuple[np.ndarray, int]:
    """Return uint8 [Z',Y',X',2], (share of ambient light, share of sunlight) × 255, and the cells per block in x and z.

    solid: uint8 [Y,Z,X] as in Blocks; opaque: bool [materials], materials that cast shadows; points: float [n,3], blocks, surfaces of
    meshes, which cast shadows, too. y is in voxels and padded by a block above and below, x and z by PAD blocks.
    """
    if points is not None:
        higher = int(np.clip(points[:, 1].max(), 0, HIGHEST) * voxels) + 1 - len(solid)
        solid = np.pad(solid, ((0, max(0, higher)), (0, 0), (0, 0)))
    detail = next(d for d in (4, 2, 1) if d == 1 or (d <= voxels and solid.size * d * d <= CELLS))
    full = np.concatenate([[False], opaque])[solid]
    full = np.pad(full, ((voxels, voxels), (PAD, PAD), (PAD, PAD))).repeat(detail, axis=1).repeat(detail, axis=2)
    full[:voxels, PAD * detail : -PAD * detail or None, PAD * detail : -PAD * detail or None] = (
        True  # the ground itself
    )
    if points is not None:
        cells = np.floor((points + np.array([PAD, 1, PAD])) * np.array([detail, voxels, detail])).astype(np.int64)
        x, y, z = cells[((cells >= 0) & (cells < np.array(full.shape)[[2, 0, 1]])).all(axis=1)].T
        full[y, z, x] = True
    return np.stack([_ambient(full, voxels, detail), _sunlight(full, voxels, detail)], axis=-1).swapaxes(0, 1), detail


def _sunlight(full: np.ndarray, voxels: int, detail: int) -> np.ndarray:
    """Return uint8 [Y,Z,X]: 255 where nothing lies between a cell and the sun. Marches all cells at once, layer by layer."""
    lit = np.ones_like(full)
    height, depth, width = full.shape
    for k in range(1, min(height, int(SHADOW * voxels))):
        dx, dz = (round(k / voxels * SUN[a] / SUN[1] * detail) for a in (0, 2))
        if dx >= width or dz >= depth:
            break
        lit[: height - k, : depth - dz, : width - dx] &= ~full[k:, dz:, dx:]
    return lit.astype(np.uint8) * np.uint8(255)


def _ambient(full: np.ndarray, voxels: int, detail: int) -> np.ndarray:
    """Return uint8 [Y,Z,X]: how open a cell's neighbourhood is; flat ground under an open sky counts as fully open.

    Works slab by slab along z: all counts of a large map at once would take dozens of bytes per cell.
    """
    height, depth, width = full.shape
    radii = tuple(max(1, round(REACH * scale)) for scale in (voxels, detail, detail))
    around, rows = radii[1], max(1, SLAB // (height * width))
    open_ = np.empty(full.shape, np.uint8)
    for first in range(0, depth, rows):
        last = min(first + rows, depth)
        low, high = max(0, first - around), min(depth, last + around)
        count = full[:, low:high].astype(np.int32)
        for axis, radius in enumerate(radii):
            count = _box_sum(count, radius, axis)
        occupied = count[:, first - low : last - low] / np.float32(np.prod([2 * r + 1 for r in radii]))
        open_[:, first:last] = np.clip(1.0 - 1.35 * np.maximum(occupied - 0.32, 0), 0.25, 1) * 255
    return open_


def _box_sum(values: np.ndarray, radius: int, axis: int) -> np.ndarray:
    """Sum over ±radius along an axis; values repeat beyond the border."""
    wide = [(0, 0)] * values.ndim
    wide[axis] = (radius + 1, radius)
    total = np.cumsum(np.pad(values, wide, mode="edge"), axis=axis, dtype=np.int32)
    high = np.take(total, range(2 * radius + 1, total.shape[axis]), axis=axis)
    low = np.take(total, range(total.shape[axis] - 2 * radius - 1), axis=axis)
    return high - low


@dataclass(frozen=True)
class BakedDaylight:
    """Baked daylight, ready for GL. cells: uint8 [Z',Y',X',2] of `bake_daylight`; extent: blocks."""

    cells: np.ndarray
    extent: tuple[float, float, float]

    @staticmethod
    def of(blocks: Blocks, scene: Scene) -> BakedDaylight:
        """Bake the daylight of a scene's blocks and meshes: a fraction of a second, on any thread."""
        opaque = np.array([m.opacity >= 1 for m in scene.materials], dtype=bool)
        apart = 0.5 / blocks.voxels_per_block
        points = np.concatenate([surface_points(m, apart) for m in scene.meshes]) if scene.meshes else None
        cells, detail = bake_daylight(blocks.solid, opaque, blocks.voxels_per_block, points)
        depth, height, width = cells.shape[:3]
        return BakedDaylight(
            np.ascontiguousarray(cells), (width / detail, height / blocks.voxels_per_block, depth / detail)
        )


def atmosphere_uniforms(sky: tuple[int, int, int] | None) -> dict[str, tuple[float, ...]]:
    """Return uniforms of common/daylight.glsl for a sky of this colour (0..255) overhead. A dark sky gives little, tinted light."""
    zenith = np.asarray(sky or NOON) / 255
    brightness = float(zenith @ (0.30, 0.59, 0.11))
    day = float(np.clip(brightness / 0.53, 0, 1))
    light = 0.35 + 0.65 * day  # nights stay bright enough to walk in
    tint = zenith / max(brightness, 0.05)
    horizon = zenith + (np.array([0.95, 0.945, 0.90]) - zenith) * (0.2 + 0.65 * day)
    colours = {
        "zenith": zenith,
        "horizon": horizon,
        "nadir": horizon * 0.91,
        "sunshine": np.array([1.17, 1.08, 0.92]) * light,
        "skylight": (np.array([0.46, 0.53, 0.64]) * 0.6 + 0.21 * np.clip(tint, 0.4, 2)) * light,
        "bounce": np.array([0.28, 0.26, 0.23]) * light,
        "glow": np.array([0.16, 0.11, 0.05]) * day,
    }
    return {name: tuple(float(c) for c in colour) for name, colour in colours.items()}


class DaylightTexture:
    """The texture and its place: texture coordinate = (point + offset) / extent, in blocks."""

    def __init__(self, ctx: moderngl.Context, light: BakedDaylight) -> None:
        depth, height, width = light.cells.shape[:3]
        self.texture = ctx.texture3d((width, height, depth), 2, light.cells, alignment=1)
        self.texture.repeat_x = self.texture.repeat_y = self.texture.repeat_z = False
        self.offset, self.extent = (float(PAD), 1.0, float(PAD)), light.extent
