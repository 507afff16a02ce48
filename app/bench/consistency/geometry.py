"""The surface point under every pixel of a view, by ray casting, and where another view sees the same points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.geometry import sides
from engine.geometry.charts import Charts
from engine.geometry.sky import SKY_TEXEL
from scenes.camera import Camera
from scenes.extrude import Blocks
from scenes.raycast import cast_rays
from scenes.scene import SKY

NO_PLANE = -1  # plane number of the sky


@dataclass(frozen=True)
class RaycastView:
    """The surfaces that a view sees; arrays are [H,W].

    point: float64 [H,W,3], the surface point under the pixel's centre (sky: the unit direction); depth: float64, view z in blocks, inf =
    sky; plane: int64, the same for all faces of one side in one plane, NO_PLANE = sky; material: int16, SKY = sky;
    footprint: float64, the side in blocks of the square that is as large as the pixel's patch of surface (sky: in tangents).
    """

    camera: Camera
    size: tuple[int, int]
    point: np.ndarray
    depth: np.ndarray
    plane: np.ndarray
    material: np.ndarray
    footprint: np.ndarray
    voxel: np.ndarray
    side: np.ndarray


def raycast_view(blocks: Blocks, camera: Camera, size: tuple[int, int]) -> RaycastView:
    """See `RaycastView`. size: (width, height) pixels."""
    hits = cast_rays(blocks, camera, size)
    sky = hits.side < 0
    rays = camera.rays(size)
    axis = np.maximum(hits.side, 0)[..., None] // 2
    across = np.where(sky, 0.0, np.take_along_axis(np.nan_to_num(hits.point), axis, -1)[..., 0])
    count = round(max(blocks.size) * blocks.voxels_per_block) + 2
    plane = np.where(
        sky, NO_PLANE, hits.side.astype(np.int64) * count + np.rint(across * blocks.voxels_per_block).astype(np.int64)
    )
    cosine = abs(np.take_along_axis(rays, axis, -1)[..., 0]) / np.linalg.norm(rays, axis=-1)
    depth = np.where(sky, 1.0, hits.depth)
    footprint = depth / camera.focal(size) / np.sqrt(np.where(sky, 1.0, np.maximum(cosine, 1e-6)))
    return RaycastView(
        camera=camera,
        size=size,
        point=np.where(sky[..., None], rays / np.linalg.norm(rays, axis=-1, keepdims=True), hits.point),
        depth=hits.depth,
        plane=plane,
        material=np.where(sky, SKY, blocks.find_material(hits.voxel)).astype(np.int16),
        footprint=footprint,
        voxel=hits.voxel,
        side=hits.side,
    )


def texels(charts: Charts, view: RaycastView) -> np.ndarray:
    """int32 [H,W,3]: (page, y, x) of the atlas texel under each pixel; −1 where a face has no chart."""
    chart, i, j = charts.find_texels(view.voxel, view.side)
    sky = view.plane == NO_PLANE
    faces = np.flatnonzero(charts.sky)
    towards = view.point[sky]  # directions; the cube's charts have half-width 1
    axis = abs(towards).argmax(-1)
    reach = towards / np.take_along_axis(abs(towards), axis[:, None], -1)
    chart[sky] = faces[(reach @ -sides.NORMAL[charts.side[faces]].T).argmax(-1)]  # they face the camera
    start = reach - charts.origin[chart[sky]]
    for index, along, most in ((i, charts.u, charts.size[:, 0]), (j, charts.v, charts.size[:, 1])):
        at = np.floor((start * along[chart[sky]]).sum(-1) / SKY_TEXEL**2).astype(np.int32)
        index[sky] = np.clip(at, 0, most[chart[sky]] - 1)
    found = np.stack([charts.page[chart], charts.y[chart] + j, charts.x[chart] + i], axis=-1)
    return np.where(chart[..., None] >= 0, found, -1).astype(np.int32)


@dataclass(frozen=True)
class Match:
    """The points of view A in view B; arrays are [H,W] of A.

    x, y: float64, pixel coordinates in B (a pixel's centre is at +0.5); near: bool, B's nearest pixel is on the same plane, so
    nothing hides the point; whole: bool, so are the four pixels around it; coarser: float64, B's footprint ÷ A's.
    """

    x: np.ndarray
    y: np.ndarray
    near: np.ndarray
    whole: np.ndarray
    coarser: np.ndarray


def match(a: RaycastView, b: RaycastView) -> Match:
    """Find A's surface points in B; B's surfaces show which of them are hidden."""
    width, height = b.size
    sky = (a.plane == NO_PLANE)[..., None]
    x, y, z = np.moveaxis((a.point - np.where(sky, 0.0, b.camera.position)) @ b.camera.axes.T, -1, 0)
    focal = b.camera.focal(b.size)
    ahead = z > 1e-6
    x = np.where(ahead, width / 2 + focal * x / np.where(ahead, z, 1.0), -1.0)
    y = np.where(ahead, height / 2 - focal * y / np.where(ahead, z, 1.0), -1.0)
    inside = ahead & (x >= 0) & (y >= 0) & (x < width) & (y < height)
    column, row = (
        np.clip(np.floor(np.where(inside, q, 0)).astype(int), 0, n - 1) for q, n in ((x, width), (y, height))
    )
    near = inside & (b.plane[row, column] == a.plane)
    whole = near & (x >= 0.5) & (y >= 0.5) & (x <= width - 0.5) & (y <= height - 0.5)
    left, top = _corner(x, width), _corner(y, height)
    for dy in (0, 1):
        for dx in (0, 1):
            whole &= b.plane[np.minimum(top + dy, height - 1), np.minimum(left + dx, width - 1)] == a.plane
    coarser = b.footprint[row, column] / a.footprint
    return Match(x, y, near, whole, coarser)


def warp(picture: np.ndarray, found: Match) -> np.ndarray:
    """float64 [H,W,K]: B's picture [H',W',K] at A's pixels, bilinear where all four pixels lie on the surface, else nearest."""
    height, width = picture.shape[:2]
    left, top = _corner(found.x, width), _corner(found.y, height)
    fx, fy = (np.clip(q - 0.5 - low, 0, 1)[..., None] for q, low in ((found.x, left), (found.y, top)))
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    picture = picture.astype(np.float64)
    upper = picture[top, left] * (1 - fx) + picture[top, right] * fx
    lower = picture[bottom, left] * (1 - fx) + picture[bottom, right] * fx
    return np.where(found.whole[..., None], upper * (1 - fy) + lower * fy, nearest(picture, found))


def nearest(values: np.ndarray, found: Match) -> np.ndarray:
    """B's values [H',W',…] at A's pixels, nearest neighbour."""
    height, width = values.shape[:2]
    column = np.clip(np.floor(found.x), 0, width - 1).astype(int)
    row = np.clip(np.floor(found.y), 0, height - 1).astype(int)
    return values[row, column]


def _corner(q: np.ndarray, n: int) -> np.ndarray:
    """The upper or left of the two pixels whose centres lie around coordinate q."""
    return np.clip(np.floor(q - 0.5), 0, n - 1).astype(int)
