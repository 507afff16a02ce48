"""Finds exposed voxel faces and merges them into rectangles: blocks in, charts without a place in the atlas out."""

from __future__ import annotations

import numpy as np

from engine.geometry import sides
from engine.geometry.rectangles import merge_rectangles, split_rectangles

FACES = np.dtype([("side", "i1"), ("material", "i2"), ("corner", "i4", 3), ("size", "i4", 2)])
MAX_FACES = 3_000_000  # rectangles: charts, vertices and what is derived from them take about a kilobyte each
CELLS_AT_ONCE = 1 << 22


def find_faces(solid: np.ndarray, opaque: np.ndarray, voxels: int, longest: int) -> np.ndarray:
    """Return FACES [N], the exposed faces of solid uint8 [Y,Z,X] (0 empty, else material + 1; y in voxels, x and z in blocks).

    opaque: bool [materials]; voxels: per block; longest: most texels along a side of a rectangle (blocks are never cut).
    A face is exposed where its neighbour is empty, or where an opaque voxel meets a translucent one. Outside the map is
    empty, but the underside of the world is never exposed. corner: where texel (0, 0) starts, in voxels; size: (w, h) texels.
    Raises TooManyFacesError.
    """
    kinds = np.concatenate([[0], np.where(opaque, 2, 1)]).astype(np.uint8)  # 0 empty, 1 translucent, 2 opaque
    kind = np.empty_like(solid)
    for layer, into in zip(solid, kind, strict=True):  # one at a time: an index takes 8 bytes a cell
        into[...] = kinds[layer]
    world, kind = (a.transpose(2, 0, 1) for a in (solid, kind))  # [X,Y,Z]: now axis 0, 1, 2 are x, y, z
    found: list[np.ndarray] = []
    for side in range(6):
        found.append(_find_side_faces(world, kind, side, voxels, longest))
        if (count := sum(len(faces) for faces in found)) > MAX_FACES:
            raise TooManyFacesError(count * 6 // (side + 1))
    return np.concatenate(found)


class TooManyFacesError(Exception):
    """More faces than MAX_FACES. estimate: how many there are about."""

    def __init__(self, estimate: int) -> None:
        self.estimate = estimate
        super().__init__(f"about {estimate} faces")


def _merge_planes(planes: np.ndarray, side: int) -> np.ndarray:
    """`merge_rectangles` of labels [P,R,C], some planes at a time: it takes 60 bytes a cell. Raises TooManyFacesError."""
    step = max(1, CELLS_AT_ONCE // max(1, planes[0].size)) if len(planes) else 1
    pieces, count = [merge_rectangles(planes[:0])], 0
    for start in range(0, len(planes), step):
        piece = merge_rectangles(planes[start : start + step])
        piece["plane"] += start
        pieces.append(piece)
        count += len(piece)
        if count > MAX_FACES:
            done = (side + (start + step) / len(planes)) / 6
            raise TooManyFacesError(int(count / min(done, 1.0)))
    return np.concatenate(pieces)


def _find_side_faces(world: np.ndarray, kind: np.ndarray, side: int, voxels: int, longest: int) -> np.ndarray:
    (n, n_sign), (u, u_sign), (v, v_sign) = (sides.signed_axis(t[side]) for t in (sides.NORMAL, sides.U, sides.V))
    scale = np.array([voxels, 1, voxels])  # voxels per array cell along x, y, z
    neighbour = np.zeros_like(kind)
    here, there = [slice(None)] * 3, [slice(None)] * 3
    here[n], there[n] = (slice(None, -1), slice(1, None)) if n_sign > 0 else (slice(1, None), slice(None, -1))
    neighbour[tuple(here)] = kind[tuple(there)]
    exposed = np.where(kind > neighbour, world, 0)
    if (n, n_sign) == (1, -1):
        exposed[:, 0, :] = 0
    planes = exposed.transpose(n, v, u)[:, ::v_sign, ::u_sign]
    found = split_rectangles(_merge_planes(planes, side), max(1, longest // scale[v]), max(1, longest // scale[u]))

    out = np.empty(found.size, dtype=FACES)
    out["side"], out["material"] = side, found["label"] - 1
    corner = np.empty((found.size, 3), dtype=np.int64)
    corner[:, n] = found["plane"] + (n_sign > 0)
    corner[:, u] = found["column"] if u_sign > 0 else world.shape[u] - found["column"]
    corner[:, v] = found["row"] if v_sign > 0 else world.shape[v] - found["row"]
    out["corner"] = corner * scale
    out["size"] = np.stack([found["columns"] * scale[u], found["rows"] * scale[v]], axis=1)
    return out
