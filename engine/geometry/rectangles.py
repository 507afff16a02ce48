"""Merges equal neighbours on a grid into rectangles, for voxel faces and for texels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

RECTANGLE = np.dtype(
    [("plane", "i4"), ("row", "i4"), ("column", "i4"), ("rows", "i4"), ("columns", "i4"), ("label", "i4")]
)


def merge_rectangles(labels: np.ndarray) -> np.ndarray:
    """Cover the non-zero cells of integer labels [P,R,C] with disjoint rectangles of one label each. Returns RECTANGLE [N], sorted by
    plane, column, columns, label, row. ValueError if labels and shape need more than 63 bits together.

    Greedy, as in Mikola Lysenko's "Meshing in a Minecraft game" (2012): runs along each row, then equal runs of neighbouring rows.
    Each run is packed into one integer with its row in the lowest bits, so after sorting the rows of a rectangle are consecutive.
    """
    planes, height, width = labels.shape
    lines = np.ascontiguousarray(labels).reshape(planes * height, width)
    edge = np.ones((planes * height, width + 1), dtype=bool)
    np.not_equal(lines[:, 1:], lines[:, :-1], out=edge[:, 1:-1])
    filled = lines != 0
    starts = edge[:, :-1] & filled
    first, last = np.flatnonzero(starts), np.flatnonzero(edge[:, 1:] & filled)
    line = np.repeat(np.arange(planes * height), np.count_nonzero(starts, axis=1))
    column = first - line * width
    label = lines.ravel()[first].astype(np.int64)
    lowest, highest = int(label.min(initial=0)), int(label.max(initial=0))
    bits = [int(n).bit_length() for n in (planes, width, width, highest - lowest, height)]
    if sum(bits) > 63:
        raise ValueError(f"labels from {lowest} to {highest} on {labels.shape} cells are too many to be numbered")

    plane = line // height
    number = _pack_bits((plane, column, column + last - first, label - lowest, line - plane * height), bits)
    number.sort()
    head = np.ones(number.size, dtype=bool)
    np.not_equal(number[1:], number[:-1] + 1, out=head[1:])
    heads = np.flatnonzero(head)

    out = np.empty(heads.size, dtype=RECTANGLE)
    out["plane"], out["column"], end, label, out["row"] = _unpack_bits(number[heads], bits)
    out["rows"] = np.diff(np.append(heads, number.size))
    out["columns"], out["label"] = end - out["column"] + 1, label + lowest
    return out


def _pack_bits(columns: Iterable[np.ndarray], bits: Sequence[int]) -> np.ndarray:
    """Pack columns [N] into int64 [N], the first column in the highest bits; values must be below 2**bits."""
    number: np.ndarray | int = 0
    for values, width in zip(columns, bits, strict=True):
        number = (number << width) | values
    return np.asarray(number)


def _unpack_bits(number: np.ndarray, bits: Sequence[int]) -> list[np.ndarray]:
    """The inverse of `_pack_bits`."""
    below = [sum(bits[i + 1 :]) for i in range(len(bits))]
    return [(number >> shift) & ((1 << width) - 1) for shift, width in zip(below, bits, strict=True)]


def split_rectangles(rectangles: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Cut RECTANGLE [N] into pieces of at most `rows` × `columns`, the remainder last."""
    for start, length, limit in (("row", "rows", rows), ("column", "columns", columns)):
        pieces = -(-rectangles[length] // limit)
        offset = (np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)) * limit
        rectangles = np.repeat(rectangles, pieces)
        rectangles[start] += offset.astype(np.int32)
        rectangles[length] = np.minimum(rectangles[length] - offset, limit)
    return rectangles
