"""Equal neighbours on a grid, merged into rectangles: for voxel faces and for accepted texels alike."""

from __future__ import annotations

import numpy as np

RECTANGLE = np.dtype(
    [("plane", "i4"), ("row", "i4"), ("column", "i4"), ("rows", "i4"), ("columns", "i4"), ("label", "i4")]
)


def merge(labels: np.ndarray) -> np.ndarray:
    """Cover the non-zero cells of integer labels [P,R,C] with disjoint rectangles of one label: RECTANGLE [N].

    Greedy, as in Mikola Lysenko's "Meshing in a Minecraft game" (2012): runs along each row, then equal runs of
    neighbouring rows. All in numpy: a run is a key, and equal keys in consecutive rows are one rectangle.
    """
    planes, height, width = labels.shape
    rows = labels.reshape(planes * height, width)
    edge = np.ones((rows.shape[0], width + 1), dtype=bool)
    np.not_equal(rows[:, 1:], rows[:, :-1], out=edge[:, 1:-1])
    filled = rows != 0
    row, start = np.nonzero(edge[:, :-1] & filled)
    _, last = np.nonzero(edge[:, 1:] & filled)
    run = np.stack([row // height, start, last, rows[row, start].astype(np.int64)])  # the key, row left out
    row = row % height
    order = np.lexsort((row, *run[::-1]))
    run, row = run[:, order], row[order]
    first = np.ones(row.size, dtype=bool)
    first[1:] = (run[:, 1:] != run[:, :-1]).any(axis=0) | (row[1:] != row[:-1] + 1)
    heads = np.flatnonzero(first)
    out = np.empty(heads.size, dtype=RECTANGLE)
    out["plane"], out["column"], out["label"] = run[0, heads], run[1, heads], run[3, heads]
    out["columns"] = run[2, heads] - run[1, heads] + 1
    out["row"] = row[heads]
    out["rows"] = np.diff(np.append(heads, row.size))
    return out


def split(rectangles: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Cut RECTANGLE [N] into pieces of at most `rows` × `columns`, the remainder last."""
    for start, length, limit in (("row", "rows", rows), ("column", "columns", columns)):
        pieces = -(-rectangles[length] // limit)
        offset = (np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)) * limit
        rectangles = np.repeat(rectangles, pieces)
        rectangles[start] += offset.astype(np.int32)
        rectangles[length] = np.minimum(rectangles[length] - offset, limit)
    return rectangles
