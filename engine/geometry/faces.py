"""Which voxel faces can be seen, merged into rectangles of texels: blocks in, unplaced charts out."""

from __future__ import annotations

import numpy as np

from engine.geometry import sides
from engine.geometry.rectangles import merge, split

FACES = np.dtype([("side", "i1"), ("material", "i2"), ("corner", "i4", 3), ("size", "i4", 2)])


def faces(solid: np.ndarray, opaque: np.ndarray, voxels: int, longest: int) -> np.ndarray:
    """FACES [N] of the exposed faces of solid uint8 [Y,Z,X] (0 empty, else material + 1; y in voxels, x and z in blocks).

    opaque: bool [materials]; voxels: per block; longest: no rectangle has a side of more texels (a block is never cut).
    A face is exposed where its neighbour is empty, or where an opaque one meets a translucent one. Outside the map is
    empty, but the underside of the world can't be seen. corner: where texel (0, 0) starts, in voxels; size: (w, h) texels.
    """
    kind = np.concatenate([[0], np.where(opaque, 2, 1)]).astype(np.uint8)[solid]  # 0 empty, 1 translucent, 2 opaque
    world, kind = (a.transpose(2, 0, 1) for a in (solid, kind))  # [X,Y,Z]: now axis 0, 1, 2 are x, y, z
    return np.concatenate([_side(world, kind, side, voxels, longest) for side in range(6)])


def _side(world: np.ndarray, kind: np.ndarray, side: int, voxels: int, longest: int) -> np.ndarray:
    (n, n_sign), (u, u_sign), (v, v_sign) = (sides.axis(t[side]) for t in (sides.NORMAL, sides.U, sides.V))
    scale = np.array([voxels, 1, voxels])  # voxels per cell of the array along x, y, z
    neighbour = np.zeros_like(kind)
    here, there = [slice(None)] * 3, [slice(None)] * 3
    here[n], there[n] = (slice(None, -1), slice(1, None)) if n_sign > 0 else (slice(1, None), slice(None, -1))
    neighbour[tuple(here)] = kind[tuple(there)]
    exposed = np.where(kind > neighbour, world, 0)
    if (n, n_sign) == (1, -1):
        exposed[:, 0, :] = 0
    planes = exposed.transpose(n, v, u)[:, ::v_sign, ::u_sign]
    found = split(merge(planes), max(1, longest // scale[v]), max(1, longest // scale[u]))

    out = np.empty(found.size, dtype=FACES)
    out["side"], out["material"] = side, found["label"] - 1
    corner = np.empty((found.size, 3), dtype=np.int64)
    corner[:, n] = found["plane"] + (n_sign > 0)
    corner[:, u] = found["column"] if u_sign > 0 else world.shape[u] - found["column"]
    corner[:, v] = found["row"] if v_sign > 0 else world.shape[v] - found["row"]
    out["corner"] = corner * scale
    out["size"] = np.stack([found["columns"] * scale[u], found["rows"] * scale[v]], axis=1)
    return out
