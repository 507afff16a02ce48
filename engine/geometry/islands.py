"""Cuts a mesh for the atlas: connected triangles of its texture are an island, which takes a rectangle of texels of its own.

An island keeps the shape that it has in the mesh's texture, so that paint is copied back there texel by texel. Each texel belongs to
one triangle, the nearest one, and lies in that triangle's plane. Texels beyond an island's edge belong to it as far as filtering reads.
Where a texel reaches over an edge, views that see only the triangle beyond it may paint it, too: otherwise every sharp edge would keep a
bare line from some sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy  # its parts are imported when they are first needed, which shortens the start

from engine.geometry.pack import PAGE
from scenes.cover import near_squares
from scenes.materials import MAX_MESHES
from scenes.mesh import MeshGeometry

REACH = 1.42  # texels: how far from a point bilinear filtering of whole texels reads
TOUCH = 0.71  # texels from a texel's centre to what touches it, at most
TEXTURE = 512  # most texels along a mesh's texture, and the fewest
FEWEST = 4


@dataclass(frozen=True)
class Islands:
    """texels: along each side of the mesh's texture. Triangles [n] are those with an area: triangle: int32, their numbers in the mesh;
    island: int32; place: float64 [n,3,2], their corners in texels of the texture. low, size: int32 [k,2], each island's first texel
    (x, y) in the texture, and (w, h). pieces: int32 [m,5] (index of a triangle, i0, j0, i1, j1): the texels of each, from its island's
    first texel, in rows, sorted by triangle; shared: likewise, the texels of others that each one touches."""

    texels: int
    triangle: np.ndarray
    island: np.ndarray
    place: np.ndarray
    low: np.ndarray
    size: np.ndarray
    pieces: np.ndarray
    shared: np.ndarray


@lru_cache(maxsize=MAX_MESHES)
def cut_islands(geometry: MeshGeometry, fineness: float) -> Islands:
    """fineness: texels for a unit of the mesh's file, which it gets on average, unless an island were larger than a page.

    The last meshes' islands are known: while blocks around them change, they stay.
    """
    chosen = np.flatnonzero(geometry.solid)
    uv = geometry.uv[geometry.triangles[chosen]]
    island = _number_islands(geometry.vertices, geometry.uv, geometry.triangles[chosen])
    count = int(island.max()) + 1
    low, high = np.full((count, 2), np.inf), np.full((count, 2), -np.inf)
    np.minimum.at(low, island, uv.min(axis=1))
    np.maximum.at(high, island, uv.max(axis=1))
    most = (PAGE - 2 * np.ceil(REACH) - 1) / (high - low).max()
    wanted = fineness * np.sqrt(geometry.area / geometry.uv_area)
    texels = int(np.clip(min(round(wanted), int(most)), FEWEST, TEXTURE))
    place = uv * texels
    which, x, y, away = near_squares(place, REACH)
    order = np.lexsort((which, away, x, y, island[which]))
    which, x, y, away, group = (column[order] for column in (which, x, y, away, island[which]))
    owns = np.ones(len(which), bool)
    owns[1:] = (np.diff(np.stack([x, y, group])) != 0).any(axis=0)
    low, high = np.full((count, 2), np.iinfo(np.int32).max, np.int64), np.full((count, 2), -1, np.int64)
    for k, value in enumerate((x, y)):
        np.minimum.at(low[:, k], group, value)
        np.maximum.at(high[:, k], group, value + 1)
    i, j = x - low[group, 0], y - low[group, 1]
    touches = ~owns & (away <= TOUCH)
    pieces, shared = (_runs(which[some], i[some], j[some]) for some in (owns, touches))
    tables = (chosen, island, low, high - low, pieces, shared)
    chosen, island, low, size, pieces, shared = (table.astype(np.int32) for table in tables)
    return Islands(texels, chosen, island, place, low, size, pieces, shared)


def _number_islands(vertices: np.ndarray, uv: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """int [T]: the island of each triangle, numbered from 0. Triangles that share a vertex and its place in the texture are of one."""
    _, same = np.unique(np.concatenate([vertices, uv], axis=1), axis=0, return_inverse=True)
    joined = same.ravel()[triangles]
    ends = joined[:, [0, 0]].ravel(), joined[:, [1, 2]].ravel()
    shape = (int(joined.max()) + 1,) * 2
    graph = scipy.sparse.coo_array((np.ones(len(ends[0]), bool), ends), shape)
    label = scipy.sparse.csgraph.connected_components(graph, directed=False)[1]
    return np.unique(label[joined[:, 0]], return_inverse=True)[1].ravel()


def _runs(owner: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """int64 [m,5] (owner, i0, j0, i1, j1): rows of texels [n] of one owner, sorted by owner."""
    order = np.lexsort((i, j, owner))
    owner, i, j = owner[order], i[order], j[order]
    begins = np.ones(len(owner), bool)
    begins[1:] = (owner[1:] != owner[:-1]) | (j[1:] != j[:-1]) | (i[1:] != i[:-1] + 1)
    ends = np.ones(len(owner), bool)
    ends[:-1] = begins[1:]
    first, last = np.flatnonzero(begins), np.flatnonzero(ends)
    return np.stack([owner[first], i[first], j[first], i[last] + 1, j[first] + 1], axis=1)
