"""Which squares of a grid triangles cover: for texture coordinates, where a triangle is a few squares or thousands."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

AT_ONCE = 1 << 18  # squares tested at a time, which bounds the memory


def squares_around(triangles: np.ndarray, margin: float) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield (triangle, x, y), int64 [n] each: all squares whose centres lie in a triangle's bounding box, wider by `margin`.

    triangles: float64 [T,3,2] in squares; square (x, y) covers x..x+1, y..y+1.
    """
    low = np.ceil(triangles.min(axis=1) - margin - 0.5).astype(np.int64)
    size = np.maximum(np.floor(triangles.max(axis=1) + margin - 0.5).astype(np.int64) - low + 1, 0)
    count = size.prod(axis=1)
    ends = np.cumsum(count)
    first = 0
    while first < len(count):
        done = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + AT_ONCE, side="right")))
        which = np.repeat(np.arange(first, last), count[first:last])
        place = np.arange(len(which)) - np.repeat(ends[first:last] - count[first:last] - done, count[first:last])
        row, column = np.divmod(place, np.maximum(size[which, 0], 1))
        yield which, low[which, 0] + column, low[which, 1] + row
        first = last


def distances(triangles: np.ndarray, points: np.ndarray) -> np.ndarray:
    """float64 [n]: how far points [n,2] are from triangles [n,3,2]; 0 inside, and on their edges."""
    away = np.full(len(points), np.inf)
    side = np.empty((3, len(points)))
    for k in range(3):
        start, edge = triangles[:, k], triangles[:, (k + 1) % 3] - triangles[:, k]
        offset = points - start
        along = np.clip((offset * edge).sum(-1) / np.maximum((edge**2).sum(-1), 1e-300), 0, 1)
        away = np.minimum(away, np.linalg.norm(offset - along[:, None] * edge, axis=-1))
        side[k] = edge[:, 0] * offset[:, 1] - edge[:, 1] * offset[:, 0]
    inside = (side >= 0).all(axis=0) | (side <= 0).all(axis=0)
    return np.where(inside, 0.0, away)


def near_squares(triangles: np.ndarray, reach: float) -> tuple[np.ndarray, ...]:
    """(triangle, x, y, distance) [n] each: all squares whose centres lie within `reach` of a triangle. triangles: float64 [T,3,2]."""
    parts = [(np.zeros(0, np.int64),) * 3 + (np.zeros(0),)]
    for which, x, y in squares_around(triangles, reach):
        away = distances(triangles[which], np.stack([x + 0.5, y + 0.5], axis=-1))
        near = away <= reach
        parts.append((which[near], x[near], y[near], away[near]))
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))
