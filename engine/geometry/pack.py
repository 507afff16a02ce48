"""Places charts in the atlas: shelf packing on square pages."""

from __future__ import annotations

import numpy as np

PAGE = 256  # texels along a side of a page
OPEN_SHELVES = 24  # recent shelves that are searched: enough for tight pages, few enough to keep neighbours together


def pack_rectangles(size: np.ndarray, order: np.ndarray, page_side: int = PAGE) -> np.ndarray:
    """Place rectangles int [N,2] (w, h ≤ page_side) in the given order without overlap; return int32 [N,3] (page, x, y).

    Best fit: of the recent shelves with room, use the one that wastes the least height (never more than half of it). While that
    shelf has room it stays the best for rectangles of the same size, so a run of them is placed at once.
    """
    shelves: list[list[int]] = []  # page, y, height, x used
    tops: list[int] = []  # height used on each page
    placed: list[tuple[int, ...]] = []  # runs: page, x, y, width, count
    for width, height, left in _runs(size[order]):
        while left:
            shelf = _find_best_shelf(shelves, width, height, page_side)
            if shelf is None or shelf[2] > 2 * height:
                shelf = _open_shelf(shelves, tops, height, page_side) or shelf
            if shelf is None:
                tops.append(0)
                shelf = _open_shelf(shelves, tops, height, page_side)
                assert shelf is not None
            page, y, _, x = shelf
            count = min(left, (page_side - x) // width)
            placed.append((page, x, y, width, count))
            shelf[3] += count * width
            left -= count
    place = np.empty((len(size), 3), dtype=np.int32)
    place[order] = _expand_runs(np.array(placed, dtype=np.int32).reshape(-1, 5))
    return place


def _runs(size: np.ndarray) -> list[list[int]]:
    """Return [width, height, count] for each run of equal neighbours in int [N,2]."""
    starts = np.flatnonzero(np.append(True, (size[1:] != size[:-1]).any(axis=1))) if len(size) else np.empty(0, int)
    return np.column_stack([size[starts], np.diff(np.append(starts, len(size)))]).tolist()


def _find_best_shelf(shelves: list[list[int]], width: int, height: int, page_side: int) -> list[int] | None:
    """Return the recent shelf with room that wastes the least height; the oldest of equals."""
    recent = [s for s in shelves[-OPEN_SHELVES:] if s[2] >= height and s[3] + width <= page_side]
    return min(recent, key=lambda s: s[2], default=None)


def _expand_runs(placed: np.ndarray) -> np.ndarray:
    """Return int32 [N,3] (page, x, y) from runs int32 [n,5] (page, x, y, width, count)."""
    page, x, y, width, count = placed.T
    which = np.repeat(np.arange(len(placed)), count)
    step = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    return np.stack([page[which], x[which] + step * width[which], y[which]], axis=1)


def _open_shelf(shelves: list[list[int]], tops: list[int], height: int, page_side: int) -> list[int] | None:
    """Open a shelf on one of the last two pages if the height is still free there; None otherwise."""
    for page in range(max(0, len(tops) - 2), len(tops)):
        if tops[page] + height <= page_side:
            shelves.append([page, tops[page], height, 0])
            tops[page] += height
            return shelves[-1]
    return None


def order_by_place(size: np.ndarray, centre: np.ndarray, extent: float) -> np.ndarray:
    """Return an order int [N] that keeps neighbours on the same pages: by squares of the map, then tall before low, wide before narrow.

    centre: float [N,3] in blocks; extent: the square's side in blocks.
    """
    tile = np.floor(centre[:, [0, 2]] / extent).astype(np.int64)
    tile[:, 0] = np.where(
        tile[:, 1] % 2 == 0, tile[:, 0], -tile[:, 0]
    )  # boustrophedon, so that consecutive squares touch
    return np.lexsort((-size[:, 0], -size[:, 1], tile[:, 0], tile[:, 1]))
