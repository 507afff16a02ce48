"""The triangles of a scene's meshes as charts: each is the part of its island's rectangle that lies in one plane."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.geometry import sides
from engine.geometry.islands import Islands, cut_islands
from scenes.mesh import Mesh, triangle_normals
from scenes.scene import Scene

_EACH = 1 << 20  # more than a mesh has triangles


@dataclass(frozen=True)
class MeshKey:
    """By what a mesh is known again in another scene. shape: equal where triangles, texture and texels are; place: where it stands."""

    shape: str
    place: tuple[float, ...]


@dataclass(frozen=True)
class MeshCharts:
    """Columns of n triangles, as in `engine.geometry.charts.Charts`, without their place in the atlas.

    rectangle: int32 [n], the island's, an index of size int32 [r,2] and centre float64 [r,3]; low: int32 [n,2], the first texel of
    the island in the mesh's texture; corners: float64 [n,3,2], of the triangle, in texels from there; pieces, shared: int32 [m,5]
    as in `Islands`, of all meshes; cut, keys: of each mesh.
    """

    origin: np.ndarray
    u: np.ndarray
    v: np.ndarray
    normal: np.ndarray
    corners: np.ndarray
    low: np.ndarray
    mesh: np.ndarray
    triangle: np.ndarray
    material: np.ndarray
    rectangle: np.ndarray
    size: np.ndarray
    centre: np.ndarray
    pieces: np.ndarray
    shared: np.ndarray
    cut: tuple[Islands, ...]
    keys: tuple[MeshKey, ...]


def build_mesh_charts(scene: Scene) -> MeshCharts:
    """The charts of all meshes of a scene."""
    cut = tuple(cut_islands(mesh.geometry, scene.voxels_per_block * mesh.place.scale) for mesh in scene.meshes)
    triangles = np.cumsum([0, *(len(islands.triangle) for islands in cut)])
    rectangles = np.cumsum([0, *(len(islands.size) for islands in cut)])
    parts = [_charts_of(scene, number, islands) for number, islands in enumerate(cut)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    shift = [np.array([first, 0, 0, 0, 0]) for first in triangles]
    return MeshCharts(
        **columns,
        rectangle=np.concatenate([islands.island + first for islands, first in zip(cut, rectangles, strict=False)]),
        size=np.concatenate([islands.size for islands in cut]),
        centre=np.concatenate(
            [
                np.broadcast_to(mesh.corners.mean(axis=(0, 1)), (len(islands.size), 3))
                for mesh, islands in zip(scene.meshes, cut, strict=True)
            ]
        ),
        pieces=np.concatenate([islands.pieces + first for islands, first in zip(cut, shift, strict=False)]),
        shared=np.concatenate([islands.shared + first for islands, first in zip(cut, shift, strict=False)]),
        cut=cut,
        keys=tuple(_key_of(mesh, islands) for mesh, islands in zip(scene.meshes, cut, strict=True)),
    )


def _key_of(mesh: Mesh, islands: Islands) -> MeshKey:
    place = mesh.place
    return MeshKey(f"{mesh.geometry.key} {islands.texels}", (*place.position, *place.rotation, place.scale))


def _charts_of(scene: Scene, number: int, islands: Islands) -> dict[str, np.ndarray]:
    """The columns of one mesh."""
    mesh = scene.meshes[number]
    points, low = mesh.corners[islands.triangle], islands.low[islands.island]
    corners = islands.place - low[:, None]
    normal = triangle_normals(points)
    edges = np.swapaxes(points[:, 1:] - points[:, :1], 1, 2)  # [n,3,2]
    places = np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2)
    axes = edges @ np.linalg.inv(places)
    count = len(points)
    return {
        "origin": points[:, 0] - (axes @ corners[:, 0, :, None])[..., 0],
        "u": axes[..., 0],
        "v": axes[..., 1],
        "normal": normal / np.linalg.norm(normal, axis=-1, keepdims=True),
        "corners": corners,
        "low": low,
        "mesh": np.full(count, number, np.int32),
        "triangle": islands.triangle,
        "material": np.full(count, scene.material_index(mesh.place.material), np.int16),
    }


@dataclass(frozen=True)
class MeshColumns:
    """What charts have that are triangles of meshes. Their rectangle is their island's, and they own some of its texels.

    normal: float64 [N,3], of all charts. mesh, triangle: int32 [N], the mesh, and the triangle's number in it; −1 for blocks and sky.
    outline: float64 [N,4,2], the corners that are drawn, in texels; a triangle's last one is there twice. pieces: int32 [m,5]
    (chart, i0, j0, i1, j1), the texels that triangles own, in rows of one texel, sorted by chart; shared: likewise, texels of others
    that they touch. texels: int32 [meshes], along each mesh's texture; keys: of each mesh.
    """

    normal: np.ndarray
    mesh: np.ndarray
    triangle: np.ndarray
    outline: np.ndarray
    pieces: np.ndarray
    shared: np.ndarray
    texels: np.ndarray
    keys: tuple[MeshKey, ...]

    def find_triangles(self, mesh: np.ndarray, triangle: np.ndarray) -> np.ndarray:
        """Return int [n]: the charts of triangles of meshes, −1 where there is none."""
        sorted_, chart = self._numbers
        number = mesh.astype(np.int64) * _EACH + triangle
        place = np.minimum(np.searchsorted(sorted_, number), len(sorted_) - 1)
        return np.where((mesh >= 0) & (sorted_[place] == number), chart[place], -1)

    @cached_property
    def _numbers(self) -> tuple[np.ndarray, np.ndarray]:
        """int64 [n] twice: one number for each triangle, sorted, and its chart."""
        chart = np.flatnonzero(self.mesh >= 0)
        number = self.mesh[chart].astype(np.int64) * _EACH + self.triangle[chart]
        order = np.argsort(number)
        return number[order], chart[order]

    @cached_property
    def owned_texels(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(chart, i, j) int32 [t]: all texels that triangles own."""
        return _texels_of(self.pieces)

    @cached_property
    def shared_texels(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(chart, i, j) int32 [t]: the texels of others that triangles touch."""
        return _texels_of(self.shared)

    def corners_of(self, own: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(chart, i, j) [n,4]: the drawn corners of charts bool [N]."""
        chart = np.broadcast_to(np.flatnonzero(own)[:, None], (int(own.sum()), 4))
        return chart, self.outline[own, :, 0], self.outline[own, :, 1]


def mesh_rectangles(meshes: MeshCharts, place: np.ndarray) -> dict[str, np.ndarray]:
    """The columns of triangles that rectangles have, too. place: int32 [r,3] (page, x, y), of the islands' rectangles."""
    page, x, y = place[meshes.rectangle].T
    axis = np.abs(meshes.normal).argmax(axis=1)
    down = np.take_along_axis(meshes.normal, axis[:, None], axis=1)[:, 0] < 0
    return {
        "origin": meshes.origin,
        "u": meshes.u,
        "v": meshes.v,
        "size": meshes.size[meshes.rectangle],
        "side": (2 * axis + down).astype(np.int8),
        "material": meshes.material,
        "page": page,
        "x": x,
        "y": y,
        "corner": np.column_stack([meshes.low, meshes.mesh]),
        "see_through": np.zeros(len(page), bool),
    }


def sort_meshes(meshes: MeshCharts, side: np.ndarray, order: np.ndarray) -> MeshColumns:
    """What only triangles have, for all charts. side: of the charts that aren't triangles, which come first; order: of all charts."""
    first, none = len(side), np.full(len(side), -1, np.int32)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    pieces, shared = meshes.pieces.copy(), meshes.shared.copy()
    for table in (pieces, shared):
        table[:, 0] = rank[first + table[:, 0]]
    corners = np.concatenate([meshes.corners, meshes.corners[:, 2:]], axis=1)
    return MeshColumns(
        normal=np.concatenate([sides.NORMAL[side], meshes.normal])[order],
        mesh=np.concatenate([none, meshes.mesh])[order],
        triangle=np.concatenate([none, meshes.triangle])[order],
        outline=np.concatenate([np.zeros((first, 4, 2)), corners])[order],
        pieces=pieces[np.argsort(pieces[:, 0], kind="stable")],
        shared=shared[np.argsort(shared[:, 0], kind="stable")],
        texels=np.array([islands.texels for islands in meshes.cut], np.int32),
        keys=meshes.keys,
    )


def _texels_of(pieces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(chart, i, j) int32 [t] of rows int32 [m,5]."""
    chart, i0, j0, i1, _ = pieces.T
    which = np.repeat(np.arange(len(chart)), i1 - i0)
    step = np.arange(len(which)) - np.repeat(np.cumsum(i1 - i0) - (i1 - i0), i1 - i0)
    return chart[which], (i0[which] + step).astype(np.int32), j0[which]
