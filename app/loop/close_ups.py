"""Splits a view into close-ups: cameras with the model's native canvas that together cover the view at the window's resolution.

A close-up is an ordinary view with a rotated camera and a smaller field of view. Each is dreamed and stored by itself, so
finished close-ups stay when the user walks on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from app.fields import Size
from base.grid import CELL
from engine.atlas import policy
from engine.atlas.views import GatheredView
from scenes.camera import Camera

HOLE = 3  # bare latent pixels of a coarse view that count as a hole; one or two are common at edges


@dataclass(frozen=True)
class CloseUp:
    """One part of a view. lacking: its unpainted part, as a share of the whole view."""

    camera: Camera
    lacking: float


def grid(view: Size, side: int) -> tuple[int, int]:
    """Number of (columns, rows) that a view is split into. side: of a canvas, pixels."""
    inner = side - 2 * policy.MARGIN
    return math.ceil(view[0] / inner), math.ceil(view[1] / inner)


def close_up(camera: Camera, view: Size, box: tuple[float, float, float, float], side: int) -> Camera:
    """The camera that sees a part of a view, box (left, top, right, bottom) in its pixels, inside the rim of a square canvas, and
    half a latent pixel around it: the texels at its border whole."""
    left, top, right, bottom = box
    corners = _directions(camera, view, np.array([(left, top), (right, top), (left, bottom), (right, bottom)]))
    middle = _directions(camera, view, np.array([((left + right) / 2, (top + bottom) / 2)]))[0]
    turned = _turn_camera(camera, middle)
    seen = corners @ turned.axes.T
    reach = float(np.abs(seen[:, :2] / seen[:, 2:]).max()) * side / (side - 2 * policy.MARGIN - CELL)
    return turned.with_changes(fov=float(np.degrees(2 * np.arctan(reach))))


def close_ups(
    camera: Camera, view: Size, gathered: GatheredView, height: int, full_steps: float, enough: float, side: int
) -> tuple[CloseUp, ...]:
    """The parts of a view of which less than `enough` is painted (as policy.coverage says), or that have a hole: these first, for an
    edit of the scene leaves one; then the nearest and largest surfaces.

    gathered: with the view in its middle, `height` pixels high there, since a coarse one shows as much; side: of a canvas, pixels.
    """
    columns, rows = grid(view, side)
    scale = view[1] / height
    gathered = replace(gathered, density=gathered.density * scale)
    h, w = gathered.density.shape
    x = ((np.arange(w) + 0.5) * CELL - gathered.size[0] / 2) * scale + view[0] / 2
    y = ((np.arange(h) + 0.5) * CELL - gathered.size[1] / 2) * scale + view[1] / 2
    column, row = np.floor(x * columns / view[0]), np.floor(y * rows / view[1])
    within = (
        ((row >= 0) & (row < rows))[:, None] & ((column >= 0) & (column < columns)) & policy.claimable_mask(gathered)
    )
    part = (row[:, None] * columns + column)[within].astype(int)
    lacking = policy.missing_share(gathered, full_steps)[within]
    count, missing = (np.bincount(part, of, columns * rows) for of in (None, lacking))
    weight = np.bincount(
        part, lacking / gathered.depth[within], columns * rows
    )  # the sky, infinitely far away, comes last
    bare = find_unpainted(gathered)[within]
    holes, gaping = (np.bincount(part, of, columns * rows) for of in (bare, bare / gathered.depth[within]))
    gaping[holes < HOLE] = 0
    wanted = np.flatnonzero((missing > (1 - enough) * count) | (holes >= HOLE))
    order = sorted(wanted, key=lambda n: (-gaping[n], -weight[n], -missing[n]))
    wide, tall = view[0] / columns, view[1] / rows
    return tuple(
        CloseUp(
            close_up(camera, view, (i * wide, j * tall, (i + 1) * wide, (j + 1) * tall), side),
            float(missing[n] / len(part)),
        )
        for n in order
        for j, i in [divmod(int(n), columns)]
    )


def find_unpainted(gathered: GatheredView) -> np.ndarray:
    """Return bool [h,w]: the unpainted texels that the view could paint."""
    return policy.claimable_mask(gathered) & (gathered.steps <= 0) & ~gathered.edge_contaminated


def _turn_camera(camera: Camera, forward: np.ndarray) -> Camera:
    """Turn a camera to look along `forward`. It keeps its horizontal axis, so that its pixels are nearly aligned with the view's."""
    forward = forward / np.linalg.norm(forward)
    right = camera.axes[0] - camera.axes[0] @ forward * forward
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(right, forward), -forward], axis=1)
    pose[:3, 3] = camera.position
    return camera.with_changes(rotation=Camera.from_pose(pose).rotation)


def _directions(camera: Camera, view: Size, pixels: np.ndarray) -> np.ndarray:
    """[n,3] in the world, of points [n,2] of a view."""
    x, y = ((pixels - np.divide(view, 2)) / camera.focal(view)).T
    right, up, forward = camera.axes
    return forward + x[:, None] * right - y[:, None] * up
