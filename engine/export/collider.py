"""What one bumps into, as few boxes as a greedy merge finds: equal stretches of neighbouring columns are one box. Meshes are cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.geometry.rectangles import merge_rectangles
from scenes.extrude import Blocks
from scenes.obstacles import Obstacles

# the eight corners of a box as (x, y, z), 0 = low; and its six sides, two triangles each, seen from outside
_CORNERS = np.array([(x, y, z) for y in (0, 1) for z in (0, 1) for x in (0, 1)], dtype=np.int64)
_TRIANGLES = np.array(
    [
        *((1, 5, 7), (1, 7, 3)),  # +x
        *((0, 2, 6), (0, 6, 4)),  # −x
        *((4, 6, 7), (4, 7, 5)),  # +y
        *((0, 1, 3), (0, 3, 2)),  # −y
        *((2, 3, 7), (2, 7, 6)),  # +z
        *((0, 4, 5), (0, 5, 1)),  # −z
    ],
    dtype=np.uint32,
)


def collider_boxes(blocks: Blocks) -> np.ndarray:
    """float32 [N,6]: x, y, z of the low corner and of the high one, blocks. Disjoint, and together exactly the solid voxels."""
    return _boxes(blocks.solid > 0, 1 / blocks.voxels_per_block)


def obstacle_boxes(obstacles: Sequence[Obstacles]) -> np.ndarray:
    """float32 [N,6], likewise: the cells that meshes pass through."""
    found = [np.zeros((0, 6), np.float32)]
    for one in obstacles:
        boxes = _boxes(one.solid, 1.0).astype(np.float64) + np.tile(one.corner, 2)
        found.append((boxes / one.fine).astype(np.float32))
    return np.concatenate(found)


def _boxes(filled: np.ndarray, tall: float) -> np.ndarray:
    """float32 [N,6] of cells bool [Y,Z,X], `tall` high and 1 wide: x, y, z of low and high corners."""
    solid = np.pad(filled, ((1, 1), (0, 0), (0, 0)))
    change = np.diff(solid.astype(np.int8), axis=0).transpose(1, 2, 0)  # [Z,X,Y+1]: +1 a stretch starts, −1 it ends
    (z, x, low), (_, _, high) = np.nonzero(change > 0), np.nonzero(change < 0)
    boxes = [np.zeros((0, 6), np.float32)]
    for bottom, top in np.unique(np.stack([low, high], axis=1), axis=0):
        own = (low == bottom) & (high == top)
        plane = np.zeros((1, *solid.shape[1:]), np.uint8)
        plane[0, z[own], x[own]] = 1
        found = merge_rectangles(plane)
        height = np.full(len(found), tall)
        corners = (
            *(found["column"], bottom * height, found["row"]),
            *(found["column"] + found["columns"], top * height, found["row"] + found["rows"]),
        )
        boxes.append(np.stack(corners, axis=1).astype(np.float32))
    return np.concatenate(boxes)


def box_mesh(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(vertices float32 [8N,3], triangles uint32 [12N,3]) of boxes [N,6]."""
    ends = boxes.reshape(-1, 2, 3)
    vertices = ends[:, _CORNERS, np.arange(3)].reshape(-1, 3)
    triangles = _TRIANGLES + 8 * np.arange(len(boxes), dtype=np.uint32)[:, None, None]
    return vertices, triangles.reshape(-1, 3)
