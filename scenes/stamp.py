"""A stamp: a region of a map that is copied, turned and laid down elsewhere, also in another scene. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scenes.scene import EMPTY, Scene
from scenes.shapes import Area, Place, find_box


@dataclass(frozen=True, eq=False)
class Stamp:
    """values: uint8 [h,w], 0 for empty ground, else an index into `names` + 1; names: of the materials."""

    values: np.ndarray
    names: tuple[str, ...]


def copy_region(scene: Scene, start: Place, end: Place) -> Stamp | None:
    """Copy the rectangle between two places; None if it lies outside the map."""
    first, last = find_box(start, end)
    depth, width = scene.map.shape
    (left, top), (right, bottom) = np.maximum(first, 0), np.minimum(last, (width, depth))
    values = scene.map[top:bottom, left:right].copy() if right > left and bottom > top else None
    return None if values is None else Stamp(values, tuple(m.name for m in scene.materials))


def turn_stamp(stamp: Stamp, quarters: int = 1) -> Stamp:
    """Turn a stamp clockwise by quarters of a turn."""
    return replace(stamp, values=np.rot90(stamp.values, -quarters))


def flip_stamp(stamp: Stamp, axis: str) -> Stamp:
    """Mirror a stamp. axis: "x" swaps left and right, "z" top and bottom."""
    return replace(stamp, values=np.flip(stamp.values, {"x": 1, "z": 0}[axis]))


def lay_stamp(scene: Scene, stamp: Stamp, place: Place, ground: bool = False) -> tuple[Area, np.ndarray]:
    """Where a stamp lies with its middle at a place, and its map values uint8 [h,w] there, cut at the map's edges.

    ground: lay empty ground, too. Materials that the scene doesn't have are left out.
    """
    h, w = stamp.values.shape
    left, top = (int(np.floor(c - (n - 1) / 2)) for c, n in zip(place, (w, h), strict=True))
    depth, width = scene.map.shape
    rows, columns = slice(max(0, -top), max(0, depth - top)), slice(max(0, -left), max(0, width - left))
    numbers = {m.name: i + 1 for i, m in enumerate(scene.materials)}
    table = np.array([EMPTY, *(numbers.get(name, EMPTY) for name in stamp.names)], np.uint8)
    meant = np.array([ground, *(name in numbers for name in stamp.names)])
    values = stamp.values[rows, columns]
    return Area(min(max(0, left), width), min(max(0, top), depth), meant[values]), table[values]
