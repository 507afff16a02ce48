"""Reads the triangles of a Wavefront .obj file: `v`, `vt` and `f`. Groups, normals and materials are ignored."""

from __future__ import annotations

import numpy as np

from scenes.triangles import MOST_TRIANGLES, Triangles, UnreadableMeshError


def parse_obj(text: str) -> Triangles:
    """The triangles of a file's text; polygons become fans. Raises UnreadableMeshError; ValueError for numbers that are none."""
    points: list[list[float]] = []
    places: list[list[float]] = []
    pairs: dict[tuple[int, int], int] = {}  # (point, place) → the vertex that joins them
    triangles: list[tuple[int, int, int]] = []
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        kind, *words = line.split("#", 1)[0].split() or [""]
        if kind == "v":
            points.append([_number(word) for word in words[:3]])
        elif kind == "vt":
            places.append([_number(word) for word in words[:2]])
        elif kind == "f":
            ring = [_vertex(word, len(points), len(places), pairs) for word in words]
            if len(ring) < 3:
                raise UnreadableMeshError(f"has a face of {len(ring)} corners: it is damaged")
            triangles += [(ring[0], ring[k], ring[k + 1]) for k in range(1, len(ring) - 1)]
            if len(triangles) > MOST_TRIANGLES:
                raise UnreadableMeshError(f"has more than {MOST_TRIANGLES:,} triangles, which is the most")
    joined = np.array(list(pairs), np.int64).reshape(-1, 2)
    vertices = np.array(points, np.float64).reshape(-1, 3)[joined[:, 0]]
    uv = np.array(places, np.float64).reshape(-1, 2)[joined[:, 1]]
    uv[:, 1] = 1 - uv[:, 1]  # v is counted from the bottom here
    return Triangles(vertices, uv, np.array(triangles, np.int64).reshape(-1, 3))


def _number(word: str) -> float:
    """A number; ValueError for what only Python takes for one: `1_0`, and digits of other scripts."""
    if "_" in word or not word.isascii():
        raise ValueError(word)
    return float(word)


def _vertex(word: str, points: int, places: int, pairs: dict[tuple[int, int], int]) -> int:
    """The number of the vertex that a corner `point/place/normal` stands for. Negative numbers count back from the last one."""
    parts = word.split("/")
    if len(parts) < 2 or not parts[1]:
        raise UnreadableMeshError("has triangles without texture coordinates (UVs), which paint needs; unwrap it")
    found = []
    for part, count in zip(parts[:2], (points, places), strict=True):
        number = int(part) if part.isascii() and "_" not in part else 0
        index = number - 1 if number > 0 else count + number
        if number == 0 or not 0 <= index < count:
            raise UnreadableMeshError(f"has a face of a corner {word!r} that it doesn't have: it is damaged")
        found.append(index)
    return pairs.setdefault((found[0], found[1]), len(pairs))
