"""Finds the pixels of a dreamed picture that show a surface's own material: shaders/common/region.glsl in plain numpy."""

from __future__ import annotations

import numpy as np

from base.grid import CELL

REACH = 2  # latent pixels, or pixels, that are searched around a point


def own_cell(
    labels: np.ndarray, shown: np.ndarray, material: int, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """column, row int [n]: the latent pixel with that label nearest to a point; the one around it if only its pixel is of the material.
    −1: neither.

    labels: int [h,w], the material of each latent pixel; shown: int [H,W], of each pixel; x, y: pixels.
    """
    cx, cy = (x / CELL).astype(int), (y / CELL).astype(int)
    at_home = _is(labels, material, cx, cy)
    there = at_home | _is(shown, material, x.astype(int), y.astype(int))
    column, row, _ = _nearest(labels, material, x / CELL, y / CELL, 0.5, ~at_home)
    use = there & (at_home | (column < 0))
    return np.where(use, cx, column), np.where(use, cy, row)


def own_point(
    shown: np.ndarray, material: int, x: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y [n]: the points whose pixels show the material, else the middles of the nearest ones near that do; bool [n]: there are."""
    at_home = _is(shown, material, x.astype(int), y.astype(int))
    column, row, found = _nearest(shown, material, x, y, 0.0, ~at_home)
    return np.where(at_home, x, column + 0.5), np.where(at_home, y, row + 0.5), at_home | found


def _nearest(
    plane: np.ndarray, material: int, x: np.ndarray, y: np.ndarray, half: float, asked: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """column, row (−1: none) and bool [n]: the place of the material nearest to points [n], whose distance is that from a square of
    `half` a place around its middle."""
    column, row, least = np.full(len(x), -1), np.full(len(x), -1), np.full(len(x), np.inf)
    cx, cy = x.astype(int), y.astype(int)
    for dy in range(-REACH, REACH + 1):
        for dx in range(-REACH, REACH + 1):
            tx, ty = cx + dx, cy + dy
            inside = (tx >= 0) & (ty >= 0) & (tx < plane.shape[1]) & (ty < plane.shape[0])
            away = np.hypot(*(q - np.clip(q, t + 0.5 - half, t + 0.5 + half) for q, t in ((x, tx), (y, ty))))
            closer = asked & inside & _is(plane, material, tx, ty) & (away < least)
            column, row, least = (np.where(closer, a, b) for a, b in ((tx, column), (ty, row), (away, least)))
    return column, row, column >= 0


def _is(plane: np.ndarray, material: int, column: np.ndarray, row: np.ndarray) -> np.ndarray:
    """bool [n]: places of a material; beyond the picture's border its outermost ones go on."""
    h, w = plane.shape
    return plane[np.clip(row, 0, h - 1), np.clip(column, 0, w - 1)] == material
