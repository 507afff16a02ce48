"""A scene's meshes: triangles with texture coordinates that stand among its blocks, each of one material."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from scenes.camera import Vector

FLAT = 1e-12  # squares of a mesh's or texture's longest side: less area is none


@dataclass(frozen=True)
class MeshPlace:
    """What materials.yaml says of a mesh. file: its name in the scene's folder; material: a material's name; position: blocks, where
    the file's origin stands; rotation: degrees about x, then y, then z; scale: blocks for one unit of the file."""

    file: str
    material: str
    position: Vector = (0.0, 0.0, 0.0)
    rotation: Vector = (0.0, 0.0, 0.0)
    scale: float = 1.0


@dataclass(frozen=True, eq=False)
class MeshGeometry:
    """vertices: float64 [V,3]; uv: float64 [V,2], 0..1, (0, 0) is the top left of the texture; triangles: int32 [T,3], indices of
    vertices, counter-clockwise seen from outside. `scenes.read_mesh` says which ones are allowed."""

    vertices: np.ndarray
    uv: np.ndarray
    triangles: np.ndarray

    @cached_property
    def key(self) -> str:
        """sha256 of all arrays."""
        made = hashlib.sha256()
        for array in (self.vertices, self.uv, self.triangles):
            made.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
        return made.hexdigest()

    @cached_property
    def solid(self) -> np.ndarray:
        """bool [T]: the triangles with an area. The others are never drawn, and may have no area in the texture either."""
        corners = self.vertices[self.triangles]
        return np.linalg.norm(triangle_normals(corners), axis=-1) > FLAT * np.ptp(corners, axis=(0, 1)).max() ** 2

    @property
    def area(self) -> float:
        """Of all triangles, square units of the file."""
        return float(np.linalg.norm(triangle_normals(self.vertices[self.triangles]), axis=-1).sum() / 2)

    @property
    def uv_area(self) -> float:
        """Of all triangles, as a share of the texture."""
        return float(np.abs(uv_areas(self.uv[self.triangles])).sum())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MeshGeometry) and (self is other or self.key == other.key)

    def __hash__(self) -> int:
        return hash(self.key)


@dataclass(frozen=True)
class Mesh:
    """A mesh where it stands. data: the file's bytes, so that a scene can be saved."""

    place: MeshPlace
    geometry: MeshGeometry
    data: bytes = field(default=b"", repr=False, compare=False)

    @cached_property
    def vertices(self) -> np.ndarray:
        """float64 [V,3]: the vertices in the world, blocks."""
        turn = rotation_matrix(self.place.rotation)
        return self.geometry.vertices @ turn.T * self.place.scale + np.asarray(self.place.position)

    @property
    def corners(self) -> np.ndarray:
        """float64 [T,3,3]: the corners of the triangles in the world, blocks."""
        return self.vertices[self.geometry.triangles]


def rotation_matrix(degrees: Vector) -> np.ndarray:
    """float64 [3,3]: turns about x, then y, then z."""
    (sx, sy, sz), (cx, cy, cz) = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    about_x = np.array([(1, 0, 0), (0, cx, -sx), (0, sx, cx)])
    about_y = np.array([(cy, 0, sy), (0, 1, 0), (-sy, 0, cy)])
    about_z = np.array([(cz, -sz, 0), (sz, cz, 0), (0, 0, 1)])
    return about_z @ about_y @ about_x


def triangle_normals(corners: np.ndarray) -> np.ndarray:
    """float64 [T,3]: normals of triangles [T,3,3], as long as twice their areas."""
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def uv_areas(uv: np.ndarray) -> np.ndarray:
    """float64 [T]: signed areas of triangles [T,3,2] in the texture."""
    (ax, ay), (bx, by) = (uv[:, 1] - uv[:, 0]).T, (uv[:, 2] - uv[:, 0]).T
    return (ax * by - ay * bx) / 2
