"""The camera: an immutable pose and field of view, with its matrices and rays.

World: y up, x along the map's columns, z along its rows, 1 unit = 1 block. The camera looks along its own -z (OpenGL).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from pyrr import Matrix44, Quaternion

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Camera:
    """position, near, far: blocks; rotation: unit quaternion (x, y, z, w), camera to world; fov: vertical, degrees."""

    position: Vector = (0.0, 1.7, 0.0)
    rotation: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 1.0)
    fov: float = 60.0
    near: float = 0.05
    far: float = 1000.0

    @staticmethod
    def from_angles(position: Vector, yaw: float, pitch: float, fov: float = 60.0) -> Camera:
        """Make an upright camera. yaw: degrees about +y (0 looks along -z, 90 along -x); pitch: degrees, positive looks up."""
        y, p = np.radians(yaw) / 2, np.radians(pitch) / 2
        cy, sy, cp, sp = np.cos(y), np.sin(y), np.cos(p), np.sin(p)
        rotation = (float(cy * sp), float(sy * cp), float(-sy * sp), float(cy * cp))
        return Camera(position=_to_vector(position), rotation=rotation, fov=fov)

    @staticmethod
    def look_at(position: Vector, target: Vector, fov: float = 60.0) -> Camera:
        """Make an upright camera at `position` whose centre ray passes through `target`."""
        d = np.subtract(target, position).astype(float)
        yaw = np.degrees(np.arctan2(-d[0], -d[2]))
        pitch = np.degrees(np.arctan2(d[1], np.hypot(d[0], d[2])))
        return Camera.from_angles(position, float(yaw), float(pitch), fov)

    @staticmethod
    def from_pose(pose: np.ndarray, fov: float = 60.0) -> Camera:
        """Make a camera from a 4×4 camera-to-world matrix (column vectors, OpenGL axes)."""
        pose = np.asarray(pose, dtype=np.float64)
        q = Quaternion.from_matrix(pose[:3, :3]).normalized
        return Camera(position=_to_vector(pose[:3, 3]), rotation=tuple(float(c) for c in q), fov=fov)  # type: ignore[arg-type]

    def with_changes(self, **changes: object) -> Camera:
        """Return a copy with other field values."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def axes(self) -> np.ndarray:
        """[3,3] float64: rows right, up, forward in world space."""
        x, y, z, w = self.rotation
        right = (1 - 2 * (y * y + z * z), 2 * (x * y + z * w), 2 * (x * z - y * w))
        up = (2 * (x * y - z * w), 1 - 2 * (x * x + z * z), 2 * (y * z + x * w))
        back = (2 * (x * z + y * w), 2 * (y * z - x * w), 1 - 2 * (x * x + y * y))
        return np.array([right, up, np.negative(back)])

    @property
    def yaw(self) -> float:
        """Degrees, as in `from_angles`."""
        forward = self.axes[2]
        return float(np.degrees(np.arctan2(-forward[0], -forward[2])))

    @property
    def pitch(self) -> float:
        """Degrees, as in `from_angles`."""
        return float(np.degrees(np.arcsin(np.clip(self.axes[2][1], -1, 1))))

    @property
    def pose(self) -> np.ndarray:
        """[4,4] float64 camera-to-world, column vectors, OpenGL axes: what nerfstudio stores."""
        right, up, forward = self.axes
        pose = np.eye(4)
        pose[:3, 0], pose[:3, 1], pose[:3, 2], pose[:3, 3] = right, up, -forward, self.position
        return pose

    @property
    def view(self) -> np.ndarray:
        """[4,4] float64 world-to-camera, column vectors (transpose before writing it to GL)."""
        right, up, forward = self.axes
        rotation = np.stack([right, up, -forward])
        view = np.eye(4)
        view[:3, :3] = rotation
        view[:3, 3] = -rotation @ np.asarray(self.position)
        return view

    def projection(self, size: tuple[int, int]) -> np.ndarray:
        """[4,4] float64 OpenGL clip-space projection for a (width, height) picture, column vectors."""
        width, height = size
        return np.asarray(
            Matrix44.perspective_projection(self.fov, width / height, self.near, self.far), dtype=np.float64
        ).T

    def matrix(self, size: tuple[int, int]) -> np.ndarray:
        """[4,4] float64 projection @ view, column vectors."""
        return self.projection(size) @ self.view

    def focal(self, size: tuple[int, int]) -> float:
        """Pixels per unit of tangent: a length of 1 block at depth z covers focal / z pixels."""
        return size[1] / 2 / float(np.tan(np.radians(self.fov) / 2))

    def rays(self, size: tuple[int, int], rows: slice = slice(None)) -> np.ndarray:
        """[height,width,3] float64 directions through the pixel centres (of some rows), scaled so that depth along `forward` is 1.

        position + depth * ray is the point at that view-space depth. Row 0 is the top of the picture.
        """
        width, height = size
        tangent = np.tan(np.radians(self.fov) / 2)
        x = ((np.arange(width) + 0.5) / width * 2 - 1) * tangent * width / height
        y = ((1 - (np.arange(height) + 0.5) / height * 2) * tangent)[rows]
        right, up, forward = self.axes
        return forward + x[None, :, None] * right + y[:, None, None] * up


def is_pose(matrix: np.ndarray) -> bool:
    """Return whether a matrix is a camera-to-world pose for `Camera.from_pose`: 4×4, rigid, right-handed, within 10⁶ blocks."""
    if matrix.shape != (4, 4) or not (np.abs(matrix) <= 1e6).all():  # so written, nan is none
        return False
    turn = matrix[:3, :3]
    rigid = np.allclose(matrix[3], [0, 0, 0, 1], atol=1e-6) and np.allclose(turn @ turn.T, np.eye(3), atol=1e-3)
    return bool(rigid and np.linalg.det(turn) > 0)


def _to_vector(values: object) -> Vector:
    x, y, z = np.asarray(values, dtype=float)
    return float(x), float(y), float(z)
