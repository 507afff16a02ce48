"""Changes to the cameras of a path: zoom, a point to look at, a turn around the scene; and the view from the front."""

from __future__ import annotations

import math

import numpy as np

from scenes.camera import Camera, Vector
from scenes.scene import CameraPath, Keyframe, Scene

STILL = 1 / 24  # seconds that a still lasts: one frame


def zoom_camera(camera: Camera, zoom: float) -> Camera:
    """The camera with a focal length `zoom` times as long."""
    return camera.with_changes(fov=math.degrees(2 * math.atan(math.tan(math.radians(camera.fov) / 2) / zoom)))


def aim_camera(camera: Camera, target: Vector) -> Camera:
    """The camera upright where it is, its centre on a point of the world, blocks."""
    aimed = Camera.look_at(camera.position, target, camera.fov)
    return camera.with_changes(rotation=aimed.rotation)


def turn_camera(camera: Camera, degrees: float, centre: Vector) -> Camera:
    """The camera turned with its place around the vertical axis through `centre`, counter-clockwise seen from above."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    turn = np.eye(4)
    turn[0, 0], turn[0, 2], turn[2, 0], turn[2, 2] = c, s, -s, c
    there, back = np.eye(4), np.eye(4)
    there[:3, 3], back[:3, 3] = centre, np.negative(centre)
    turned = Camera.from_pose(there @ turn @ back @ camera.pose, camera.fov)
    return camera.with_changes(position=turned.position, rotation=turned.rotation)


def find_middle(scene: Scene) -> Vector:
    """The point above the middle of the map at half the height of its highest material or of its layers, blocks."""
    rows, columns = scene.map.shape
    layers = 0 if scene.layers is None else len(scene.layers)
    return columns / 2, max(layers, *(material.height for material in scene.materials)) / 2, rows / 2


def make_front_view(scene: Scene, fov: float = 60.0) -> CameraPath:
    """A still from the front (+z) that shows the map's whole width, from twice the height of what stands there."""
    x, y, z = find_middle(scene)
    distance = z + x / math.tan(math.radians(fov) / 2)
    camera = Camera.look_at((x, 4 * y, z + distance), (x, y, z), fov)
    return CameraPath("front", (Keyframe(camera, 0.0), Keyframe(camera, STILL)))
