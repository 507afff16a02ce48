"""The sky: six charts on a cube around the camera, at infinity."""

from __future__ import annotations

import numpy as np

from engine.geometry import sides

SKY_TEXELS = 64  # along an edge of the cube
SKY_TEXEL = 2.0 / SKY_TEXELS  # size of a texel on the cube of half-width 1


def make_sky_charts() -> dict[str, np.ndarray]:
    """Return the sky's charts: origin, u, v float64 [6,3] on the cube of half-width 1; side int8 [6], facing the camera; size int32."""
    side = np.arange(6, dtype=np.int8)
    u, v = sides.U * SKY_TEXEL, sides.V * SKY_TEXEL
    origin = -sides.NORMAL - SKY_TEXELS / 2 * (u + v)
    return {"origin": origin, "u": u, "v": v, "side": side, "size": np.full((6, 2), SKY_TEXELS, dtype=np.int32)}
