"""Surfaces for a canvas without a scene: a wall, a floor, a ceiling or the sky, filling the picture."""

from __future__ import annotations

import math

import numpy as np

from base.grid import CELL
from diffusion.canvas import GBuffer
from diffusion.models.depth import FOCAL
from diffusion.models.surface_conditions import SurfaceGeometry
from diffusion.models.surface_view import cell_surface
from scenes.camera import Camera

SIDES = {"wall": 4, "floor": 2, "ceiling": 3, "sky": -1}
"""Kind → the side that the surface faces, as in `GBuffer`."""
BELOW = 0.25  # radians between a floor's horizon and the picture's nearest edge


def bare_gbuffer(kind: str, height: int, width: int, distance: float = 6.0, share: float = 1.0) -> GBuffer:
    """The G-buffer of a canvas of [height,width] latent pixels that shows one surface.

    kind: key of SIDES. A wall is seen face-on from `distance` blocks; a floor from that height, its horizon above the picture;
    a ceiling likewise from below. share: this canvas's side as a share of the side of a larger canvas with the same view.
    """
    # half of the vertical field of view of `diffusion.models.depth`'s reference camera
    half = math.atan(height / 2 / (FOCAL * share))
    tilt = min(half + BELOW, math.pi / 2) * {"floor": -1, "ceiling": 1}.get(kind, 0)
    position = (0.0, 0.0, distance) if kind == "wall" else (0.0, distance * {"ceiling": -1}.get(kind, 1), 0.0)
    camera = Camera.from_angles(position, 0.0, math.degrees(tilt), math.degrees(2 * half))
    planes = []
    for scale in (1, CELL):
        rays = camera.rays((width * scale, height * scale))
        depth = np.full(rays.shape[:2], distance)
        if tilt:
            depth = distance / np.maximum(np.abs(rays[..., 1]), 1e-6)
        planes += [np.full(rays.shape[:2], SIDES[kind], np.int8), depth.astype(np.float32)]
    return GBuffer(camera, *planes)


def bare_surface(kind: str, height: int, width: int, distance: float = 6.0) -> SurfaceGeometry:
    """The same surface in the form that the networks take, per latent pixel."""
    return cell_surface(bare_gbuffer(kind, height, width, distance))
