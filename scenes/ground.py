"""Finds where one can stand and walk: standing heights, the largest walkable ground, routes through it."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from scenes.extrude import Blocks

HEADROOM = 2.3  # blocks of air above a standing place; the eye is at 1.7 and may be raised by a step
STEP = 0.5  # the highest step between neighbouring columns, in blocks
NEIGHBOURS = ((1, 0), (-1, 0), (0, 1), (0, -1))
Cell = tuple[int, int]  # (z, x)


@dataclass(frozen=True)
class Ground:
    """level: float64 [Z,X] standing height in blocks; walkable: bool [Z,X], one connected piece (or nothing at all);

    clearance: int64 [Z,X], steps (diagonals count one) from a cell to the nearest cell that isn't walkable, 0 = not.
    """

    level: np.ndarray
    walkable: np.ndarray
    clearance: np.ndarray


def find_ground(blocks: Blocks) -> Ground:
    """Find the connected piece of columns with headroom that is large and low, so that open ground wins over roofs."""
    level, free = find_standing_heights(blocks)
    pieces = label_pieces(level, free)
    count = int(pieces.max()) + 1 if free.any() else 0
    walkable = np.zeros_like(free)
    if count:
        sizes = np.bincount(pieces[free], minlength=count)
        heights = np.bincount(pieces[free], weights=level[free], minlength=count) / sizes
        walkable = pieces == int(np.argmax(sizes / (1 + heights)))
    return Ground(level, walkable, measure_clearance(walkable))


def find_standing_heights(blocks: Blocks) -> tuple[np.ndarray, np.ndarray]:
    """Return (height in blocks of the lowest surface to stand on [Z,X], whether there is headroom above it [Z,X])."""
    solid = blocks.solid > 0
    layers = len(solid)
    bottom = np.where(solid.all(axis=0), layers, np.argmin(solid, axis=0))
    y = np.arange(layers)[:, None, None]
    above = solid & (y >= bottom)
    air = np.where(above.any(axis=0), np.argmax(above, axis=0) - bottom, layers * 2 + 1000)
    return bottom / blocks.voxels_per_block, air >= HEADROOM * blocks.voxels_per_block


def label_pieces(level: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Return int64 [Z,X]: labels from 0 of pieces whose 4-neighbours differ by at most STEP; -1 where not free."""
    depth, width = free.shape
    label = np.where(free, np.arange(depth * width).reshape(depth, width), -1)
    across = free[:, 1:] & free[:, :-1] & (np.abs(np.diff(level, axis=1)) <= STEP)
    down = free[1:] & free[:-1] & (np.abs(np.diff(level, axis=0)) <= STEP)
    cells = np.arange(depth * width).reshape(depth, width)
    a = np.concatenate([cells[:, 1:][across], cells[1:][down]])
    b = np.concatenate([cells[:, :-1][across], cells[:-1][down]])
    flat = np.maximum(label, 0).ravel()
    while True:  # each label hooks onto its smallest neighbour, then jumps along pointers: few rounds even in a maze
        before = flat.copy()
        low = np.minimum(flat[a], flat[b])
        np.minimum.at(flat, flat[a], low)
        np.minimum.at(flat, flat[b], low)
        flat = flat[flat]
        if (flat == before).all():
            break
    labels = np.full(free.shape, -1)
    if free.any():
        labels[free] = np.unique(flat.reshape(free.shape)[free], return_inverse=True)[1]
    return labels


def measure_clearance(mask: np.ndarray, most: int = 6) -> np.ndarray:
    """Return int64 [Z,X]: chessboard distance of True cells to the nearest False cell or the border, at most `most`."""
    result = np.zeros(mask.shape, np.int64)
    left = mask
    for _ in range(most):
        result += left
        padded = np.pad(left, 1)
        for axis in (0, 1):
            padded = padded & np.roll(padded, 1, axis) & np.roll(padded, -1, axis)
        left = padded[1:-1, 1:-1]
    return result


def find_distances(ground: Ground, start: Cell, cost: np.ndarray) -> tuple[np.ndarray, dict[Cell, Cell]]:
    """Return (cost of the cheapest path from `start` to each cell, inf if unreachable; previous cell of each), by Dijkstra."""
    far = np.full(cost.shape, np.inf)
    far[start] = 0.0
    back: dict[Cell, Cell] = {}
    queue = [(0.0, start)]
    while queue:
        reached, cell = heapq.heappop(queue)
        if reached > far[cell]:
            continue
        for dz, dx in NEIGHBOURS:
            other = (cell[0] + dz, cell[1] + dx)
            if not (0 <= other[0] < cost.shape[0] and 0 <= other[1] < cost.shape[1]) or not ground.walkable[other]:
                continue
            if abs(ground.level[other] - ground.level[cell]) > STEP:
                continue
            longer = reached + cost[other]
            if longer < far[other]:
                far[other] = longer
                back[other] = cell
                heapq.heappush(queue, (longer, other))
    return far, back


def trace_route(back: dict[Cell, Cell], end: Cell) -> list[Cell]:
    """Return the cells from the start of `find_distances` to `end`."""
    cells = [end]
    while cells[-1] in back:
        cells.append(back[cells[-1]])
    return cells[::-1]
