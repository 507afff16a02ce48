"""The faces of the sky's cube as pictures: the camera that sees a face, and the faces that a camera sees."""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from base.grid import CELL
from engine.geometry import sides
from engine.geometry.sky import SKY_TEXELS
from scenes.camera import Camera

BELOW, ABOVE = 2, 3  # the faces under and over the camera, by the side that they turn to it
FACE = SKY_TEXELS * CELL  # pixels along a face's edge, where a texel is a latent pixel
MARGIN = 32  # pixels of the neighbouring faces around it
SIDE = FACE + 2 * MARGIN  # of a face's picture, pixels
_COARSE = 16  # rays across a picture, from edge to edge, by which its faces are found
_CORNERS = np.array(list(product((-1.0, 1.0), repeat=3)))  # of the cube


def face_camera(side: int) -> Camera:
    """Return the camera that sees the face of the sky that turns this side to it, and MARGIN around it, in a square picture."""
    pose = np.eye(4)
    pose[:3, :3] = np.stack([sides.U[side], -sides.V[side], sides.NORMAL[side]], axis=1)
    return Camera.from_pose(pose, fov=2 * math.degrees(math.atan(SIDE / FACE)))


def faces_in_view(camera: Camera, size: tuple[int, int]) -> tuple[int, ...]:
    """Return the faces in the directions that a view shows, the largest first, whatever stands in front of them.

    A face that is seen at all is seen at a corner of the picture, at a corner of its own, or as a strip across the picture, which
    is wide.
    """
    reach = np.array([size[0] / size[1], 1.0]) * math.tan(math.radians(camera.fov) / 2)
    x, y = (np.linspace(-far, far, _COARSE) for far in reach)
    rays = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2) @ camera.axes[:2] + camera.axes[2]
    shown = np.argmax(rays @ -sides.NORMAL.T, axis=1)
    share = np.bincount(shown, minlength=len(sides.NORMAL))
    corners = _CORNERS @ camera.axes.T
    within = (corners[:, 2] > 0) & (np.abs(corners[:, :2]) <= reach * corners[:, 2:]).all(axis=1)
    share += (_CORNERS[within] @ -sides.NORMAL.T > 0).sum(axis=0)
    return tuple(int(side) for side in np.argsort(-share, kind="stable") if share[side])
