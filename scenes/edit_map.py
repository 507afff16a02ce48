"""Edits a scene's map. Functions return a new scene and leave the given one unchanged.

A map value is EMPTY or a material's index + 1. Places are (x, z) in blocks, columns first; parts outside the map are ignored.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from base.errors import InputError
from scenes.edit import change_material, pick_free_colour
from scenes.scene import EMPTY, NO_COLOUR, Scene
from scenes.shapes import Area, Place, draw_line


def paint_stroke(scene: Scene, start: Place, end: Place, size: int, value: int) -> Scene:
    """Draw with a round brush, `size` blocks wide, along the line between two places. Returns the same scene if nothing changes."""
    return paint_area(scene, draw_line(scene.map.shape, start, end, size), value)


def paint_area(scene: Scene, area: Area, values: int | np.ndarray) -> Scene:
    """Set the blocks of an area to a map value, or each to its own of uint8 [h,w]. Returns the same scene if nothing changes.

    Materials new to the map get a source colour. InputError for unknown values.
    """
    if isinstance(values, int):
        _check_value(scene, values)
    numbers = scene.map.copy()
    part = numbers[area.slices]
    part[area.mask] = np.broadcast_to(values, area.mask.shape)[area.mask]
    if np.array_equal(numbers[area.slices], scene.map[area.slices]):
        return scene
    for value in np.unique(part[area.mask]):
        if value != EMPTY and scene.materials[_check_value(scene, int(value)) - 1].source == NO_COLOUR:
            scene = change_material(scene, int(value) - 1, source=pick_free_colour(scene))
    return replace(scene, map=numbers)


def fill_area(scene: Scene, place: Place, value: int) -> Scene:
    """Fill the 4-connected area of one map value around a place. Returns the same scene if nothing changes."""
    x, z = (int(np.floor(c)) for c in place)
    if not (0 <= z < scene.map.shape[0] and 0 <= x < scene.map.shape[1]) or scene.map[z, x] == value:
        return scene
    return paint_area(scene, Area(0, 0, find_connected_area(scene.map == scene.map[z, x], z, x)), value)


def pick_value(scene: Scene, place: Place) -> int | None:
    """Return the map value at a place, None outside the map."""
    x, z = (int(np.floor(c)) for c in place)
    inside = 0 <= z < scene.map.shape[0] and 0 <= x < scene.map.shape[1]
    return int(scene.map[z, x]) if inside else None


def find_connected_area(area: np.ndarray, z: int, x: int) -> np.ndarray:
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


def _check_value(scene: Scene, value: int) -> int:
    if not 0 <= value <= len(scene.materials):
        raise InputError(scene.name, "map", f"can't show {value}; it shows 0 (empty) to {len(scene.materials)}")
    return value
