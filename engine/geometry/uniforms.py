"""The uniforms that describe a camera to the shaders."""

from __future__ import annotations

import numpy as np

from engine.geometry.charts import Charts
from engine.geometry.sky import SKY_TEXEL
from scenes.camera import Camera

_FLIP = np.diag([1.0, -1.0, 1.0, 1.0])


def camera_uniforms(charts: Charts, camera: Camera, size: tuple[int, int], top_first: bool = True) -> dict[str, object]:
    """Return the uniforms of vertex/chart_view.glsl and common/*.glsl for a view of `size` (width, height) pixels.

    top_first: row 0 of the target is the picture's top, as in arrays; False for a window, whose row 0 is the bottom.
    """
    rotation = np.eye(4)
    rotation[:3, :3] = camera.view[:3, :3]
    matrix = camera.projection(size) @ rotation
    if top_first:
        matrix = _FLIP @ matrix
    return {
        "matrix": matrix.T.astype(np.float32).tobytes(),
        "eye": camera.position,
        "axes": camera.axes.astype(np.float32).tobytes(),  # rows here are the columns of GLSL's mat3
        "size": tuple(float(n) for n in size),
        "focal": camera.focal(size),
        "texel_size": charts.texel,
        "sky_texel_size": SKY_TEXEL,
    }
