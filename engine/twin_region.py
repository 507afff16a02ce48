"""Where a dreamed picture is of a surface's own material: shaders/common/region.glsl in plain numpy. See engine.twin."""

from __future__ import annotations

import numpy as np

from engine.look import CELL


def own_cell(labels: np.ndarray, material: int, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """column, row int [n]: the latent pixel with that label nearest to a point: shaders/common/region.glsl. −1: none near.

    labels: int [h,w], the material of each latent pixel; x, y: pixels.
    """
    cx, cy = (x / CELL).astype(int), (y / CELL).astype(int)
    at_home = _labelled(labels, material, cx, cy)
    own_x, own_y, nearest = np.where(at_home, cx, -1), np.where(at_home, cy, -1), np.where(at_home, -1.0, np.inf)
    for k in range(25):
        tx, ty = cx + k % 5 - 2, cy + k // 5 - 2
        inside = (tx >= 0) & (ty >= 0) & (tx < labels.shape[1]) & (ty < labels.shape[0])
        away = np.hypot(*(q - np.clip(q, t * CELL, (t + 1) * CELL) for q, t in ((x, tx), (y, ty))))
        closer = inside & _labelled(labels, material, tx, ty) & (away < nearest)
        own_x, own_y, nearest = (np.where(closer, new, old) for new, old in ((tx, own_x), (ty, own_y), (away, nearest)))
    return own_x, own_y


def own_room(
    labels: np.ndarray, material: int, column: np.ndarray, row: np.ndarray, inset: np.ndarray
) -> tuple[np.ndarray, ...]:
    """low x, low y, high x, high y [n] in pixels: where the picture around latent pixels of a material is of it.

    inset [n]: pixels kept from a border of two materials.
    """
    room = []
    for sign, beside in ((-1, ((column - 1, row), (column, row - 1))), (1, ((column + 1, row), (column, row + 1)))):
        for own, neighbour, n in zip((column, row), beside, reversed(labels.shape), strict=True):
            reach = np.where(_labelled(labels, material, *neighbour), CELL, -inset)
            room.append(np.clip(own * CELL + CELL * (sign > 0) + sign * reach, 0.5, n * CELL - 0.5))
    return tuple(room)


def folded(
    labels: np.ndarray, material: int, x: np.ndarray, y: np.ndarray, room: tuple[np.ndarray, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """x, y [n]: the points inside their rooms, or their mirror images from beyond."""
    low, high = room[:2], room[2:]
    mirrored = [
        a + (b - a) - np.abs((q - a) % (2 * (b - a)) - (b - a)) for q, a, b in zip((x, y), low, high, strict=True)
    ]
    own = _labelled(labels, material, *((q / CELL).astype(int) for q in mirrored))
    at_x, at_y = (np.where(own, m, np.clip(q, a, b)) for m, q, a, b in zip(mirrored, (x, y), low, high, strict=True))
    return at_x, at_y


def _labelled(labels: np.ndarray, material: int, column: np.ndarray, row: np.ndarray) -> np.ndarray:
    """bool [n]: latent pixels of a material; beyond the picture's border its outermost ones go on."""
    h, w = labels.shape
    return labels[np.clip(row, 0, h - 1), np.clip(column, 0, w - 1)] == material
