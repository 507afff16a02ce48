"""Where each chart lies in the atlas: shelves on square pages."""

from __future__ import annotations

import numpy as np

PAGE = 256  # texels a side
OPEN_SHELVES = 24  # how far back a gap is looked for: enough for tight pages, few enough to keep neighbours together


def pack(size: np.ndarray, order: np.ndarray, page_side: int = PAGE) -> np.ndarray:
    """Place int [N,2] rectangles (w, h ≤ page_side) in the given order: int32 [N,3] of (page, x, y). Nothing overlaps.

    Best-fit shelves: of the recent shelves with room, the one that wastes the least height (never more than half of it).
    As long as that shelf has room it stays the best for rectangles of the same size, so it takes a run of them at once.
    """
    shelves: list[list[int]] = []  # page, y, height, x used
    tops: list[int] = []  # height used on each page
    taken: list[tuple[int, ...]] = []  # what each shelf took at once: page, x, y, width, how many
    for width, height, left in _runs(size[order]):
        while left:
            shelf = _best(shelves, width, height, page_side)
            if shelf is None or shelf[2] > 2 * height:
                shelf = _new_shelf(shelves, tops, height, page_side) or shelf
            if shelf is None:
                tops.append(0)
                shelf = _new_shelf(shelves, tops, height, page_side)
                assert shelf is not None
            page, y, _, x = shelf
            count = min(left, (page_side - x) // width)
            taken.append((page, x, y, width, count))
            shelf[3] += count * width
            left -= count
    place = np.empty((len(size), 3), dtype=np.int32)
    place[order] = _spread(np.array(taken, dtype=np.int32).reshape(-1, 5))
    return place


def _runs(size: np.ndarray) -> list[list[int]]:
    """(width, height, how many) of equal neighbours in int [N,2]."""
    starts = np.flatnonzero(np.append(True, (size[1:] != size[:-1]).any(axis=1))) if len(size) else np.empty(0, int)
    return np.column_stack([size[starts], np.diff(np.append(starts, len(size)))]).tolist()


def _best(shelves: list[list[int]], width: int, height: int, page_side: int) -> list[int] | None:
    """Of the recent shelves with room the one that wastes the least height, the oldest of equals."""
    recent = [s for s in shelves[-OPEN_SHELVES:] if s[2] >= height and s[3] + width <= page_side]
    return min(recent, key=lambda s: s[2], default=None)


def _spread(taken: np.ndarray) -> np.ndarray:
    """int32 [N,3] (page, x, y), from int32 [n,5] rows of (page, x, y, width, how many)."""
    page, x, y, width, count = taken.T
    which = np.repeat(np.arange(len(taken)), count)
    step = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    return np.stack([page[which], x[which] + step * width[which], y[which]], axis=1)


def _new_shelf(shelves: list[list[int]], tops: list[int], height: int, page_side: int) -> list[int] | None:
    """A shelf on one of the last pages, if it still has the height."""
    for page in range(max(0, len(tops) - 2), len(tops)):
        if tops[page] + height <= page_side:
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
