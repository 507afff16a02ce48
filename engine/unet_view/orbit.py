"""The orbiting camera of the U-Net's picture: drag to turn, wheel to zoom; and the block under the pointer."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.unet_view.layout import Anatomy
from scenes.camera import Camera

FOV = 26.0  # degrees: a long lens keeps near and far sizes comparable
STEEPEST = 80.0  # degrees of pitch
CLOSEST, FARTHEST = 0.15, 2.5  # of the distance from which all is visible
RIM = 1.1  # margin around everything
TURN = 0.4  # degrees per point
CLICK = 0.88  # factor on the distance per click of the wheel
NEAREST, MARGIN = 0.05, 0.2  # clipping planes: least distance to the camera, and margin around everything
Size = tuple[int, int]


@dataclass(frozen=True)
class Orbit:
    """yaw, pitch: degrees; 0, 0 faces the maps, positive looks from the right and from above; zoom: distance, as a factor on the one from
    which all is visible; shift: of the looked-at point from the centre of everything."""

    yaw: float = -26.0
    pitch: float = 14.0
    zoom: float = 1.0
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def turn(self, dx: float, dy: float) -> Orbit:
        """Return the orbit after dragging by points to the right and down; near parts follow the pointer."""
        pitch = float(np.clip(self.pitch + TURN * dy, -STEEPEST, STEEPEST))
        return replace(self, yaw=(self.yaw - TURN * dx + 180) % 360 - 180, pitch=pitch)

    def zoom_towards(self, clicks: float, anatomy: Anatomy, size: Size, at: tuple[float, float]) -> Orbit:
        """Return the orbit after wheel clicks; what pixel `at` (to the right and down) shows stays there."""
        zoom = float(np.clip(self.zoom * CLICK**clicks, CLOSEST, FARTHEST))
        camera, (_, distance) = self.camera(anatomy, size), self._centre_and_distance(anatomy, size)
        right, up, _ = camera.axes
        aside = right * (at[0] - size[0] / 2) - up * (at[1] - size[1] / 2)
        moved = aside * distance * (self.zoom - zoom) / camera.focal(size)
        return replace(self, zoom=zoom, shift=tuple(float(v) for v in moved + self.shift))

    def camera(self, anatomy: Anatomy, size: Size) -> Camera:
        """Return the camera for a picture of `size` pixels."""
        middle, distance = self._centre_and_distance(anatomy, size)
        looking = self._view_direction()
        eye = middle + self.shift - looking.axes[2] * distance * self.zoom
        depths = (anatomy.points - eye) @ looking.axes[2]
        near, far = max(NEAREST, float(depths.min()) - MARGIN), max(1.0, float(depths.max()) + MARGIN)
        return replace(looking, position=tuple(float(v) for v in eye), near=near, far=far)

    def _view_direction(self) -> Camera:
        return Camera.from_angles((0.0, 0.0, 0.0), self.yaw, -self.pitch, FOV)

    def _centre_and_distance(self, anatomy: Anatomy, size: Size) -> tuple[np.ndarray, float]:
        """Return the looked-at point and the least distance from which all is visible."""
        axes = self._view_direction().axes
        middle = anatomy.points.mean(0)
        right, up, forward = axes @ (anatomy.points - middle).T
        tangent = float(np.tan(np.radians(FOV) / 2))
        ends = []  # per direction: offset of the view pyramid's axis and its least distance
        for aside, slope in ((right, tangent * size[0] / size[1]), (up, tangent)):
            most, least = float((aside - slope * forward).max()), float((-aside - slope * forward).max())
            ends.append(((most - least) / 2, (most + least) / (2 * slope)))
        (x, wide), (y, tall) = ends
        return middle + x * axes[0] + y * axes[1], RIM * max(wide, tall)


def project_points(camera: Camera, size: Size, points: np.ndarray) -> np.ndarray:
    """Return float64 [n,3]: pixels to the right and down, and depth, of world points [n,3]."""
    right, up, forward = camera.axes @ (points - np.asarray(camera.position)).T
    scale = camera.focal(size) / np.maximum(forward, camera.near)
    return np.stack([size[0] / 2 + scale * right, size[1] / 2 - scale * up, forward], axis=-1)


def find_block_at(anatomy: Anatomy, camera: Camera, size: Size, at: tuple[float, float]) -> int | None:
    """Return the nearest block visible at a pixel (to the right and down), None if there is none."""
    found = []
    for i, slab in enumerate(anatomy.slabs):
        front, back = np.split(project_points(camera, size, slab.corners), 2)
        sides = [np.array([front[a], front[b], back[b], back[a]]) for a, b in ((0, 1), (1, 2), (2, 3), (3, 0))]
        faces = [face for face in (front, back, *sides) if face[:, 2].min() > camera.near and _covers(face, at)]
        found += [(float(face[:, 2].mean()), i) for face in faces]
    return min(found)[1] if found else None


def _covers(face: np.ndarray, at: tuple[float, float]) -> bool:
    """Return whether a convex polygon of pixels [n,2+] contains a point."""
    here = face[:, :2] - at
    there = np.roll(here, -1, axis=0)
    turns = here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0]
    return bool((turns >= 0).all() or (turns <= 0).all())
