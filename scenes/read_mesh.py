"""Reads a mesh file, .glb or .obj, and refuses what can't be painted and written back into the mesh's own texture."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from base.errors import InputError
from base.reading import read_bytes
from scenes.cover import squares_around
from scenes.glb import parse_glb
from scenes.mesh import FLAT, MeshGeometry, uv_areas
from scenes.obj import parse_obj
from scenes.triangles import Triangles, UnreadableMeshError

WHAT = "a mesh, a .glb or .obj file with texture coordinates"
MOST_BYTES = 64 << 20
LARGEST = 1e6  # units: coordinates beyond it are taken for damage
OUTSIDE = 1e-3  # how far texture coordinates may lie outside 0..1, which rounding does
FINE = 512  # squares along the texture in which overlaps are looked for
OVERLAP = 0.002  # share of the squares that may be covered twice: neighbours that touch


def read_mesh(path: str | Path) -> tuple[MeshGeometry, bytes]:
    """(the triangles of a file, its bytes). Raises InputError for anything that isn't a mesh with texture coordinates of its own."""
    path = Path(path)
    if path.suffix.lower() not in READERS:
        raise InputError(path, "", f"has another ending; a mesh is {WHAT}")
    data = read_bytes(path, WHAT, MOST_BYTES)
    try:
        return _parse(data, path.suffix.lower()), data
    except UnreadableMeshError as problem:
        raise InputError(path, "", str(problem)) from problem


@lru_cache(maxsize=8)
def _parse(data: bytes, ending: str) -> MeshGeometry:
    """The checked triangles of a file. The last few are known in whatever folder they are: a scene that is kept is read again there.

    Raises UnreadableMeshError.
    """
    try:
        return _check(READERS[ending](data))
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError, struct.error) as error:
        raise UnreadableMeshError(f"is damaged; it must be {WHAT}") from error


def _obj(data: bytes) -> Triangles:
    return parse_obj(data.decode("utf-8", errors="replace"))


READERS: dict[str, Callable[[bytes], Triangles]] = {".glb": partial(parse_glb, what=WHAT), ".obj": _obj}


def _check(found: Triangles) -> MeshGeometry:
    """Raises UnreadableMeshError."""
    vertices, uv, triangles = found.vertices, found.uv, found.triangles
    if not len(triangles):
        raise UnreadableMeshError("has no triangles")
    if triangles.min() < 0 or triangles.max() >= len(vertices):
        raise UnreadableMeshError("has triangles of vertices that it doesn't have: it is damaged")
    used = np.unique(triangles)
    if not (np.isfinite(vertices[used]).all() and np.isfinite(uv[used]).all()):
        raise UnreadableMeshError("has coordinates that are no finite numbers")
    if np.abs(vertices[used]).max() > LARGEST:
        raise UnreadableMeshError(f"has coordinates beyond {LARGEST:,.0f}")
    if (uv[used] < -OUTSIDE).any() or (uv[used] > 1 + OUTSIDE).any():
        low, high = uv[used].min(), uv[used].max()
        raise UnreadableMeshError(
            f"has texture coordinates from {low:.3g} to {high:.3g}; painted ones must lie between 0 and 1"
        )
    geometry = MeshGeometry(vertices, np.clip(uv, 0, 1), triangles.astype(np.int32))
    places = geometry.uv[triangles]
    flat = geometry.solid & (np.abs(uv_areas(places)) <= FLAT)
    if not geometry.solid.any():
        raise UnreadableMeshError("has no triangle with an area")
    if flat.any():
        raise UnreadableMeshError(
            f"has {flat.sum():,} triangles without an area in the texture, the first is number {flat.argmax()}; "
            "paint needs a place for each: unwrap it"
        )
    _refuse_overlaps(places, geometry.solid)
    return geometry


def _refuse_overlaps(uv: np.ndarray, solid: np.ndarray) -> None:
    """Raises UnreadableMeshError where triangles share places of the texture, since paint could then not be written back.

    It stops where too many are found: each of thousands of triangles may cover the whole texture.
    """
    numbers = np.flatnonzero(solid)
    covered = np.full(FINE * FINE, -1, np.int64)
    twice, example = 0, (0, 0)
    for which, x, y in squares_around(uv[numbers] * FINE, 0.0):
        inside = _strictly_inside(uv[numbers[which]] * FINE, x + 0.5, y + 0.5)
        place, triangle = (y * FINE + x)[inside], numbers[which][inside]
        before = covered[place]
        covered[place] = triangle  # the last of several in one go
        other = np.where(before >= 0, before, covered[place])
        doubled = np.flatnonzero(other != triangle)
        if doubled.size:
            twice += doubled.size
            example = int(other[doubled[0]]), int(triangle[doubled[0]])
        if twice > OVERLAP * covered.size:
            break
    if twice > OVERLAP * max(1, int((covered >= 0).sum())):
        raise UnreadableMeshError(
            f"has triangles that share places of its texture, such as {example[0]} and {example[1]}; "
            "paint needs a place for each: unwrap it without overlaps"
        )


def _strictly_inside(triangles: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """bool [n]: points (x, y) that lie inside triangles [n,3,2] and not on their edges."""
    side = np.empty((3, len(x)))
    for k in range(3):
        (sx, sy), (ex, ey) = triangles[:, k].T, triangles[:, (k + 1) % 3].T
        side[k] = (ex - sx) * (y - sy) - (ey - sy) * (x - sx)
    return (side.min(axis=0) > 1e-6) | (side.max(axis=0) < -1e-6)
