"""Finds the block that a building tool changes. A scene is a floor plan, so a block is a whole column of its material."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scenes.heights import find_name, find_top
from scenes.pointing import Surface
from scenes.scene import EMPTY, Scene

# side of a voxel → the block beside it, on x and z
BESIDE = ((1, 0), (-1, 0), (0, 0), (0, 0), (0, 1), (0, -1))


@dataclass(frozen=True)
class Target:
    """A block that would change. x, z: on the map; bottom, top: of the highlighted column, in blocks above the ground."""

    x: int
    z: int
    bottom: float
    top: float


def find_target(scene: Scene, surface: Surface, tool: str, value: int = EMPTY) -> Target | None:
    """Find the block that a tool would change, None if none. value: what is placed, a map value that isn't EMPTY.

    place: the block beside a wall, or the column under the pointer; remove, raise: the column itself. Blocks of layers don't change.
    """
    if is_in_layers(scene, surface):
        return None
    dx, dz = BESIDE[surface.side] if tool == "place" else (0, 0)
    x, z = surface.block[0] + dx, surface.block[1] + dz
    depth, width = scene.map.shape
    if not (0 <= x < width and 0 <= z < depth):
        return None
    old = int(scene.map[z, x])
    if {"place": old == value, "remove": old == EMPTY, "raise": find_name(scene, old) is None}[tool]:
        return None
    shown = value if tool == "place" else old
    name = find_name(scene, shown)
    start = next((m.start_height for m in scene.materials if m.name == name), 0.0)
    return Target(x, z, start, max(find_top(scene, shown), start + 1 / scene.voxels_per_block))


def is_in_layers(scene: Scene, surface: Surface) -> bool:
    """Whether a surface belongs to a block of the scene's layers, which no tool changes."""
    (x, z), y = surface.block, surface.voxel[1] // scene.voxels_per_block
    return scene.layers is not None and y < len(scene.layers) and scene.layers[y, z, x] != EMPTY


def mark_block(scene: Scene, x: int, z: int) -> np.ndarray:
    """Return bool [Z,X] with one block."""
    where = np.zeros(scene.map.shape, bool)
    where[z, x] = True
    return where
