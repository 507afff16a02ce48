"""Triangles with texture coordinates, as the readers of mesh files find them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_TRIANGLES = 20_000  # of a mesh: each is a chart, which culling tests in every frame


class UnreadableMeshError(Exception):
    """What is wrong with a mesh file: the rest of a sentence that begins with its name."""


@dataclass(frozen=True)
class Triangles:
    """vertices: float64 [V,3]; uv: float64 [V,2], v down; triangles: int64 [T,3], indices of vertices, not checked yet."""

    vertices: np.ndarray
    uv: np.ndarray
    triangles: np.ndarray


def join_triangles(parts: Sequence[Triangles]) -> Triangles:
    """All parts as one."""
    first = np.cumsum([0, *(len(part.vertices) for part in parts)])
    return Triangles(
        np.concatenate([np.zeros((0, 3)), *(part.vertices for part in parts)]),
        np.concatenate([np.zeros((0, 2)), *(part.uv for part in parts)]),
        np.concatenate(
            [np.zeros((0, 3), np.int64), *(p.triangles + n for p, n in zip(parts, first.tolist(), strict=False))]
        ),
    )
