"""The chart table: all rectangles of exposed faces and all triangles of meshes, with their place in the world and in the atlas."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from base.errors import InputError
from engine.geometry import sides
from engine.geometry.faces import MAX_FACES, TooManyFacesError, find_faces
from engine.geometry.mesh_charts import MeshColumns, MeshKey, build_mesh_charts, mesh_rectangles, sort_meshes
from engine.geometry.pack import PAGE, order_by_place, pack_rectangles
from engine.geometry.sky import SKY_TEXEL, make_sky_charts
from scenes.extrude import Blocks
from scenes.scene import SKY, Scene

MAX_CHART_SIDE = 128  # texels; half a page, so that pages fill well and culling is effective
VERTEX = "3f 2f 4f 4f"  # position, texel, place (page x, y, w, h), info (chart, material, side, page)
ATTRIBUTES = ("in_position", "in_texel", "in_place", "in_info")
# with meshes, whose planes are no sides of blocks: normal, directions of u and v, (spacing, slack) as in shaders/common/chart_vertex.glsl
FLOATS, FRAME_FLOATS = 13, 11
FRAME, FRAME_ATTRIBUTES = " 3f 3f 3f 2f", ("in_normal", "in_along", "in_down", "in_spacing")


@dataclass(frozen=True)
class Charts:
    """Columns of N charts, sorted by page. Texel (i, j) covers origin + [i, i+1]·u + [j, j+1]·v and lies at (x + i, y + j) of its page.

    A chart is a rectangle of texels, or a triangle of a mesh, which owns some texels of a rectangle that its neighbours share: see
    `pieces_of` and `owner_map`.

    origin, u, v: float64 [N,3], blocks (for SKY: directions on the unit cube around the camera); size: int32 [N,2] (w, h);
    side: int8, of triangles the one that they face most; material: int16; page, x, y: int32; corner: int32 [N,3], the origin in voxels
    (for SKY: zeros; for triangles: x and y of the rectangle in the mesh's texture, and the mesh); see_through: bool, surfaces of a
    material whose opacity is below 1; voxels: texels per block; meshes: what only triangles have, None without any.
    """

    origin: np.ndarray
    u: np.ndarray
    v: np.ndarray
    size: np.ndarray
    side: np.ndarray
    material: np.ndarray
    page: np.ndarray
    x: np.ndarray
    y: np.ndarray
    corner: np.ndarray
    see_through: np.ndarray
    voxels: int
    meshes: MeshColumns | None = None

    def __len__(self) -> int:
        return len(self.side)

    @property
    def texel(self) -> float:
        """Side of a texel of a block, blocks."""
        return 1.0 / self.voxels

    @property
    def texels(self) -> int:
        """Number of texels of all charts, including the sky."""
        return int(self.area.sum())

    @cached_property
    def area(self) -> np.ndarray:
        """int64 [N]: number of each chart's texels."""
        area = self.size.prod(axis=1, dtype=np.int64)
        if self.meshes is not None:
            chart, i0, j0, i1, j1 = self.meshes.pieces.T
            own = np.bincount(chart, (i1 - i0) * (j1 - j0), len(self)).astype(np.int64)
            area = np.where(self.meshes.mesh >= 0, own, area)
        return area

    @cached_property
    def normal(self) -> np.ndarray:
        """float64 [N,3]: the direction that each chart faces (for SKY: towards the camera)."""
        return sides.NORMAL[self.side] if self.meshes is None else self.meshes.normal

    @cached_property
    def spacing(self) -> np.ndarray:
        """float64 [N]: side of a square as large as a texel, blocks (for SKY: on the cube)."""
        spacing = np.where(self.sky, SKY_TEXEL, self.texel)
        if self.meshes is None:
            return spacing
        own = np.sqrt(np.linalg.norm(np.cross(self.u, self.v), axis=-1))
        return np.where(self.meshes.mesh >= 0, own, spacing)

    def dual(self, chart: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """float64 [n,3] twice: vectors in the planes of charts [n] whose products with an offset from the origin are the texels (i, j)."""
        u, v = self.u[chart], self.v[chart]
        across = [axis / np.einsum("ij,ij->i", axis, axis)[:, None] for axis in (u, v)]
        if self.meshes is None:
            return across[0], across[1]
        own, normal = self.meshes.mesh[chart, None] >= 0, self.meshes.normal[chart]
        turned = np.cross(v, normal), np.cross(normal, u)
        skew = [t / np.einsum("ij,ij->i", t, axis)[:, None] for t, axis in zip(turned, (u, v), strict=True)]
        return np.where(own, skew[0], across[0]), np.where(own, skew[1], across[1])

    @cached_property
    def of_blocks(self) -> np.ndarray:
        """bool [N]: rectangles of faces of blocks."""
        return ~self.sky if self.meshes is None else ~self.sky & (self.meshes.mesh < 0)

    @property
    def mesh_keys(self) -> tuple[MeshKey, ...]:
        return () if self.meshes is None else self.meshes.keys

    @property
    def defines(self) -> dict[str, str]:
        """What the shaders that draw these charts are compiled with, besides their own."""
        return {} if self.meshes is None else {"MESHES": "1"}

    @property
    def pages(self) -> int:
        """Number of pages."""
        return int(self.page.max()) + 1

    @property
    def bytes(self) -> int:
        """Memory of all columns and of cached properties computed so far."""
        values = [*vars(self).values(), *(vars(self.meshes).values() if self.meshes is not None else ())]
        known = (value if isinstance(value, tuple) else (value,) for value in values)
        return sum(column.nbytes for columns in known for column in columns if isinstance(column, np.ndarray))

    @cached_property
    def sky(self) -> np.ndarray:
        """bool [N]: charts of the sky."""
        return self.material == SKY

    @cached_property
    def fingerprint(self) -> str:
        """sha256 of where every texel lies. A saved atlas fits these charts only if its fingerprint is the same."""
        columns = (self.corner, self.size, self.side, self.material, self.page, self.x, self.y)
        table = np.concatenate([c.reshape(len(self), -1) for c in columns], axis=1).astype("<i4")
        made = hashlib.sha256(np.ascontiguousarray(table).tobytes())
        if self.meshes is not None:
            made.update(
                self.meshes.triangle.astype("<i4").tobytes() + " ".join(key.shape for key in self.meshes.keys).encode()
            )
        return made.hexdigest()

    @cached_property
    def centre(self) -> np.ndarray:
        """float64 [N,3]: centre of each chart."""
        return self.corners.mean(axis=1)

    @cached_property
    def corners(self) -> np.ndarray:
        """float64 [N,4,3]: the origin, the corners along u and along v, and the opposite corner; of triangles their three, the last
        twice."""
        along, down = self.u * self.size[:, :1], self.v * self.size[:, 1:]
        corners = self.origin[:, None] + np.stack([np.zeros_like(along), along, down, along + down], axis=1)
        if self.meshes is not None:
            own = self.meshes.mesh >= 0
            corners[own] = self.points(*self.meshes.corners_of(own))
        return corners

    @cached_property
    def bounds(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(plane, radius, centre): float64 [N], distance of the chart's plane from the world's origin along its normal; float64 [N],
        radius of a ball around `centre` that contains all corners; float64 [N,3], `centre`."""
        plane = (self.corners[:, 0] * self.normal).sum(axis=-1)
        radius = np.sqrt(((self.corners - self.centre[:, None]) ** 2).sum(axis=-1)).max(axis=1)
        return plane, radius, self.centre

    @cached_property
    def vertices(self) -> np.ndarray:
        """float32 [N,4,n] (`vertex_layout`): vertices of all charts, ready for GL. May be computed on any thread."""
        zero = np.zeros(len(self), dtype=np.int32)
        out = self.make_vertices(np.arange(len(self)), zero, zero, *self.size.T)
        if self.meshes is not None:
            own = self.meshes.mesh >= 0
            out[own, :, 0:3], out[own, :, 3:5] = self.corners[own], self.meshes.outline[own]
        return out

    def points(self, chart: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Return float64 [...,3], the world points at texel coordinates (i, j); a texel's centre is at +0.5."""
        return self.origin[chart] + np.asarray(i)[..., None] * self.u[chart] + np.asarray(j)[..., None] * self.v[chart]

    def make_vertices(
        self, chart: np.ndarray, i0: np.ndarray, j0: np.ndarray, i1: np.ndarray, j1: np.ndarray
    ) -> np.ndarray:
        """Return float32 [n,4,13], or 24 with meshes (`vertex_layout`): vertices of the parts [i0, i1] × [j0, j1] of charts [n]."""
        n = len(chart)
        out = np.empty((n, 4, FLOATS if self.meshes is None else FLOATS + FRAME_FLOATS), dtype=np.float32)
        i, j = np.stack([i0, i1, i0, i1], axis=1), np.stack([j0, j0, j1, j1], axis=1)
        out[..., 0:3] = self.points(np.broadcast_to(np.asarray(chart)[:, None], (n, 4)), i, j)
        out[..., 3], out[..., 4] = i, j
        flat = (self.x, self.y, *self.size.T, np.arange(len(self)), self.material, self.side, self.page)
        for column, values in enumerate(flat, start=5):
            out[..., column] = values[chart][:, None]
        if self.meshes is not None:
            out[..., FLOATS:] = self._frames[chart][:, None]
        return out

    @cached_property
    def _frames(self) -> np.ndarray:
        """float32 [N,11] (FRAME)."""
        assert self.meshes is not None
        spacing = self.spacing[:, None]
        slack = np.where(self.meshes.mesh[:, None] >= 0, spacing, 0.0)
        frame = (self.normal, self.u / spacing, self.v / spacing, spacing, slack)
        return np.concatenate(frame, axis=1).astype(np.float32)

    def pieces_of(self, parts: np.ndarray) -> np.ndarray:
        """Return int [m,5] of parts of charts int [n,5] (chart, i0, j0, i1, j1): instead of triangles first the texels of others that
        these touch, then those that they own. Where they are drawn in this order, a texel's owner comes last."""
        if self.meshes is None:
            return parts
        mine = self.meshes.mesh[parts[:, 0]] >= 0
        tables = (self.meshes.shared, self.meshes.pieces)
        own = [table[np.isin(table[:, 0], parts[mine, 0])].astype(parts.dtype) for table in tables]
        return np.concatenate([parts[~mine], *own])

    def owner_map(self, page: int) -> np.ndarray:
        """Return int32 [PAGE,PAGE]: the chart of each texel of a page, −1 where there is none."""
        owner = np.full((PAGE, PAGE), -1, dtype=np.int32)
        for c in range(*np.searchsorted(self.page, (page, page + 1))):
            (w, h), x, y = self.size[c], self.x[c], self.y[c]
            if self.meshes is None or self.meshes.mesh[c] < 0:
                owner[y : y + h, x : x + w] = c
        if self.meshes is not None:
            chart, i, j = self.meshes.owned_texels
            here = self.page[chart] == page
            chart, i, j = chart[here], i[here], j[here]
            owner[self.y[chart] + j, self.x[chart] + i] = chart
        return owner

    def find_texels(self, voxel: np.ndarray, side: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (chart, i, j) int32 [...] of the faces `side` [...] of `voxel` int [...,3] (x, y, z in voxels); chart −1: no such face."""
        voxel, side = np.asarray(voxel), np.asarray(side)
        inside = (side >= 0) & ((voxel >= 0) & (voxel < self._shape * self._cell)).all(axis=-1)
        face = np.where(inside, self._face(side, voxel // self._cell), -1)
        first, beyond, charts = self.runs
        run = np.searchsorted(first, face, side="right") - 1
        chart = np.where(face < beyond[run], charts[run], -1)
        # along a negative axis a texel starts at the far side of its voxel, hence the 1
        steps = [((voxel - self.corner[chart]) * d).sum(-1) - (d.sum(-1) < 0) for d in (sides.U[side], sides.V[side])]
        i, j = (np.where(chart >= 0, step, -1).astype(np.int32) for step in steps)
        return chart, i, j

    @cached_property
    def runs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(first, end, chart): int64 [n], int64 [n], int32 [n]. The charts' columns of cells as runs of face numbers, sorted, after one
        empty run. A full table of cells would take gigabytes for a large or high scene."""
        solid, (low, high) = np.flatnonzero(self.of_blocks), self._spans
        axes = sides.AXES[self.side[solid]]
        _, across, down = np.take_along_axis(high - low, axes, axis=1).T
        which = np.repeat(np.arange(len(solid)), across)
        column = np.arange(len(which)) - np.repeat(np.cumsum(across) - across, across)
        first = self._face(self.side[solid], low)[which] + column * self._shape[axes[:, 2]][which]
        order = np.argsort(first)
        first, which = first[order], which[order]
        return np.append(-1, first), np.append(-1, first + down[which]), np.append(-1, solid[which]).astype(np.int32)

    def _face(self, side: np.ndarray, cell: np.ndarray) -> np.ndarray:
        """Return int64 [...]: the number of face `side` [...] of cell [...,3]; numbers are consecutive along v."""
        axes = sides.AXES[side]
        (n, u, v), shape = np.moveaxis(np.take_along_axis(cell, axes, axis=-1), -1, 0), self._shape
        return ((side * shape[axes[..., 0]] + n) * shape[axes[..., 1]] + u) * shape[axes[..., 2]] + v

    @cached_property
    def _shape(self) -> np.ndarray:
        """int64 [3]: size in cells (x, y, z) of a box that contains all charts."""
        return self._spans[1].max(axis=0, initial=1)

    @property
    def _cell(self) -> np.ndarray:
        """int64 [3]: voxels (x, y, z) of a cell of Blocks."""
        return np.array([self.voxels, 1, self.voxels])

    @property
    def _spans(self) -> tuple[np.ndarray, np.ndarray]:
        """(first, end) int64 [n,3]: the cells that each chart of blocks spans."""
        solid = np.flatnonzero(self.of_blocks)
        side, size, corner = self.side[solid], self.size[solid], self.corner[solid].astype(np.int64)
        far = corner + (sides.U[side] * size[:, :1] + sides.V[side] * size[:, 1:]).astype(np.int64)
        normal = sides.NORMAL[side]
        low = np.minimum(corner, far) - self._cell * (normal > 0)  # along the normal a chart is as thick as its cell
        high = np.where(normal != 0, low + self._cell, np.maximum(corner, far))
        return low // self._cell, -(-high // self._cell)


def vertex_layout(vertices: np.ndarray) -> tuple[str, tuple[str, ...]]:
    """Return format and names of the attributes of vertices [...,n] from `Charts.make_vertices`."""
    if vertices.shape[-1] == FLOATS:
        return VERTEX, ATTRIBUTES
    return VERTEX + FRAME, ATTRIBUTES + FRAME_ATTRIBUTES


def build_charts(blocks: Blocks, scene: Scene) -> Charts:
    """Build the charts of a scene's exposed faces and of its sky, and place them in the atlas. InputError if they are too many."""
    opaque = np.array([m.opacity >= 1 for m in scene.materials], dtype=bool)
    voxels = blocks.voxels_per_block
    try:
        found = find_faces(blocks.solid, opaque, voxels, MAX_CHART_SIDE)
    except TooManyFacesError as error:
        rows, columns = (int(side * (MAX_FACES / error.estimate) ** 0.5) for side in scene.map.shape)
        problem = (
            f"has about {error.estimate:,} separate surfaces, and at most {MAX_FACES:,} fit into memory: "
            f"a map of {columns} × {rows} blocks of this kind would fit, or one with larger areas of one height and material"
        )
        raise InputError(scene.name, "", problem) from None
    sky = make_sky_charts()
    side = np.concatenate([found["side"], sky["side"]])
    size = np.concatenate([found["size"], sky["size"]])
    corner = np.concatenate([found["corner"], np.zeros((6, 3), dtype=np.int32)])
    material = np.concatenate([found["material"], np.full(6, SKY)])
    texel = np.where(material == SKY, SKY_TEXEL, 1.0 / voxels)[:, None]
    origin = np.concatenate([found["corner"] / voxels, sky["origin"]])
    u, v = sides.U[side] * texel, sides.V[side] * texel
    centre = origin + (u * size[:, :1] + v * size[:, 1:]) / 2
    centre[material == SKY] = -1e6  # away from everything else, on pages of their own
    extent = PAGE * 1.5 / voxels  # blocks: a square of the map that holds a few pages of faces
    meshes = build_mesh_charts(scene) if scene.meshes else None
    packed = size
    if meshes is not None:
        packed = np.concatenate([size, meshes.size])
        centre = np.concatenate([centre, meshes.centre + np.array([0, 0, 1e6])])  # on the last pages
    place = pack_rectangles(packed, order_by_place(packed, centre, extent))
    columns = {
        "origin": origin,
        "u": u,
        "v": v,
        "size": size.astype(np.int32),
        "side": side,
        "material": material.astype(np.int16),
        "page": place[: len(size), 0],
        "x": place[: len(size), 1],
        "y": place[: len(size), 2],
        "corner": corner.astype(np.int32),
        "see_through": (material != SKY) & ~np.append(opaque, True)[material],
    }
    if meshes is not None:
        own = mesh_rectangles(meshes, place[len(size) :])
        columns = {name: np.concatenate([column, own[name]]) for name, column in columns.items()}
    order = np.lexsort((np.arange(len(columns["page"])), columns["page"]))
    columns = {name: column[order] for name, column in columns.items()}
    return Charts(**columns, voxels=voxels, meshes=None if meshes is None else sort_meshes(meshes, side, order))
