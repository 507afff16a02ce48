"""Where each chart lies in the atlas: shelves on square pages."""

from __future__ import annotations

import numpy as np

PAGE = 256  # texels a side
OPEN_SHELVES = 24  # how far back a gap is looked for: enough for tight pages, few enough to keep neighbours together


def pack(size: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Place int [N,2] rectangles (w, h ≤ PAGE) in the given order: int32 [N,3] of (page, x, y). Nothing overlaps.

    Best-fit shelves: of the recent shelves with room, the one that wastes the least height (never more than half of it).
    """
    place = np.empty((len(size), 3), dtype=np.int32)
    shelves: list[list[int]] = []  # page, y, height, x used
    tops: list[int] = []  # height used on each page
    for chart in order:
        width, height = (int(n) for n in size[chart])
        recent = [s for s in shelves[-OPEN_SHELVES:] if s[2] >= height and s[3] + width <= PAGE]
        shelf = min(recent, key=lambda s: s[2] - height, default=None)
        if shelf is None or shelf[2] > 2 * height:
            shelf = _new_shelf(shelves, tops, height) or shelf
        if shelf is None:
            tops.append(0)
            shelf = _new_shelf(shelves, tops, height)
            assert shelf is not None
        place[chart] = shelf[0], shelf[3], shelf[1]
        shelf[3] += width
    return place


def _new_shelf(shelves: list[list[int]], tops: list[int], height: int) -> list[int] | None:
    """A shelf on one of the last pages, if it still has the height."""
    for page in range(max(0, len(tops) - 2), len(tops)):
        if tops[page] + height <= PAGE:
            shelves.append([page, tops[page], height, 0])
            tops[page] += height
            return shelves[-1]
    return None


def reading_order(size: np.ndarray, centre: np.ndarray, extent: float) -> np.ndarray:
    """Order int [N] that keeps neighbours on the same pages: squares of the map first, then tall before low, wide before narrow.

    centre: float [N,3] in blocks; extent: the square's side in blocks.
    """
    tile = np.floor(centre[:, [0, 2]] / extent).astype(np.int64)
    tile[:, 0] = np.where(tile[:, 1] % 2 == 0, tile[:, 0], -tile[:, 0])  # to and fro, like a plough
    return np.lexsort((-size[:, 0], -size[:, 1], tile[:, 0], tile[:, 1]))
