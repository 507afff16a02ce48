"""Edits a scene's map. Functions return a new scene and leave the given one unchanged.

A map value is EMPTY or a material's index + 1. Places are (x, z) in blocks, columns first; parts outside the map are ignored.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from base.errors import InputError
from scenes.edit import change_material, pick_free_colour
from scenes.scene import EMPTY, NO_COLOUR, Scene

Place = tuple[float, float]


def paint_stroke(scene: Scene, start: Place, end: Place, size: int, value: int) -> Scene:
    """Draw with a round brush, `size` blocks wide, along the line between two places. Returns the same scene if nothing changes."""
    a, b = (np.array(_snap(place, size)) for place in (start, end))
    depth, width = scene.map.shape
    low = np.clip(np.floor(np.minimum(a, b) - size / 2).astype(int), 0, (width, depth))
    high = np.clip(np.ceil(np.maximum(a, b) + size / 2).astype(int), 0, (width, depth))
    z, x = np.mgrid[low[1] : high[1], low[0] : high[0]]
    centres = np.stack([x, z], axis=-1) + 0.5
    way = b - a
    along = np.clip(((centres - a) @ way) / max(float(way @ way), 1e-9), 0, 1)
    near = np.linalg.norm(centres - a - along[..., None] * way, axis=-1) <= size / 2 + 1e-6
    meant = np.zeros(scene.map.shape, bool)
    meant[low[1] : high[1], low[0] : high[0]] = near
    return _set_blocks(scene, meant, value)


def fill_area(scene: Scene, place: Place, value: int) -> Scene:
    """Fill the 4-connected area of one map value around a place. Returns the same scene if nothing changes."""
    x, z = (int(np.floor(c)) for c in place)
    if not (0 <= z < scene.map.shape[0] and 0 <= x < scene.map.shape[1]) or scene.map[z, x] == value:
        return scene
    return _set_blocks(scene, connected_area(scene.map == scene.map[z, x], z, x), value)


def pick_value(scene: Scene, place: Place) -> int | None:
    """Return the map value at a place, None outside the map."""
    x, z = (int(np.floor(c)) for c in place)
    inside = 0 <= z < scene.map.shape[0] and 0 <= x < scene.map.shape[1]
    return int(scene.map[z, x]) if inside else None


def connected_area(area: np.ndarray, z: int, x: int) -> np.ndarray:
    """Return bool [Z,X]: the 4-connected part of a bool area that contains its cell (z, x).

    Each round extends along whole runs of rows or columns, so the number of rounds is the number of corners of a path, not its length.
    """
    runs = []
    for grid in (area, area.T):
        begins = grid & ~np.pad(grid, ((0, 0), (1, 0)))[:, :-1]
        number = np.cumsum(begins).reshape(grid.shape) * grid
        runs.append(number if grid is area else number.T)
    reached = np.zeros(area.shape, bool)
    reached[z, x] = area[z, x]
    for turn in range(area.size):
        run = runs[turn % 2]
        hit = np.zeros(int(run.max()) + 1, bool)
        hit[run[reached]] = True
        hit[0] = False
        before, reached = reached.sum(), hit[run]
        if turn and reached.sum() == before:
            break
    return reached


def _set_blocks(scene: Scene, meant: np.ndarray, value: int) -> Scene:
    """Return the scene with `value` where `meant`. A material new to the map gets a source colour. InputError for unknown values."""
    if not 0 <= value <= len(scene.materials):
        raise InputError(scene.name, "map", f"can't show {value}; it shows 0 (empty) to {len(scene.materials)}")
    if not (meant & (scene.map != value)).any():
        return scene
    numbers = np.where(meant, np.uint8(value), scene.map)
    if value != EMPTY and scene.materials[value - 1].source == NO_COLOUR:
        scene = change_material(scene, value - 1, source=pick_free_colour(scene))
    return replace(scene, map=numbers)


def _snap(place: Place, size: int) -> Place:
    """Snap the brush's centre to a block's centre for an odd width, to a corner for an even one."""
    x, z = (float(np.floor(c)) + 0.5 if size % 2 else float(np.round(c)) for c in place)
    return x, z
