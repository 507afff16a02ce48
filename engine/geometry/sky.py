"""The sky: six charts on a cube around the camera, at infinity."""

from __future__ import annotations

import numpy as np

from engine.geometry import sides

TEXELS = 64  # along each edge of the cube
TEXEL = 2.0 / TEXELS  # size of a texel on the cube of half-width 1


def sky_charts() -> dict[str, np.ndarray]:
    """origin, u, v float64 [6,3] on the cube of half-width 1 around the camera, side int8 [6] facing the camera."""
    side = np.arange(6, dtype=np.int8)
    u, v = sides.U * TEXEL, sides.V * TEXEL
    origin = -sides.NORMAL - TEXELS / 2 * (u + v)
    return {"origin": origin, "u": u, "v": v, "side": side, "size": np.full((6, 2), TEXELS, dtype=np.int32)}
