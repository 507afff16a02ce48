"""The views that a scene's meshes are painted from: sheets show flat surfaces only, so cameras go around each mesh."""

from __future__ import annotations

import numpy as np

from scenes.camera import Camera
from scenes.mesh import Mesh
from scenes.scene import Scene

FOV = 50.0  # degrees
ROOM = 1.1  # of the mesh's radius, within the view
# degrees of yaw and pitch from the mesh to the camera. By quarters first: each shows from the front what the one before it grazed,
# so that its dream replaces that
AROUND = (*((yaw, 15.0) for yaw in (0, 90, 180, 270)), (0.0, 80.0), *((yaw, -10.0) for yaw in (45, 135, 225, 315)))
LOWEST = 0.6  # blocks: cameras stay above the ground


def mesh_views(scene: Scene) -> list[Camera]:
    """Cameras around each mesh that see all of it from one side."""
    return [camera for mesh in scene.meshes for camera in _around(mesh)]


def _around(mesh: Mesh) -> list[Camera]:
    points = mesh.corners.reshape(-1, 3)
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = float(np.linalg.norm(points - centre, axis=1).max())
    away = ROOM * radius / np.sin(np.radians(FOV / 2))
    found = []
    for yaw, pitch in np.radians(AROUND):
        offset = away * np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
        x, y, z = (centre + offset).tolist()
        found.append(Camera.look_at((x, max(y, LOWEST), z), tuple(centre.tolist()), FOV))
    return found
