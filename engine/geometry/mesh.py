"""Charts as GL geometry: culling for a camera, and drawing page by page, near charts first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import moderngl
import numpy as np

from engine.geometry import sides
from engine.geometry.charts import Charts, vertex_layout
from scenes.camera import Camera

_CORNERS = np.array([0, 1, 2, 2, 1, 3], dtype=np.uint32)  # two triangles of a quad's four vertices


def find_visible_charts(
    charts: Charts, camera: Camera, size: tuple[int, int], among: np.ndarray | None = None
) -> np.ndarray:
    """Return int [n], the charts that face the camera and touch its frustum, the nearest first, the sky last.

    among: bool [N], leave out all others.
    """
    slope = np.tan(np.radians(camera.fov) / 2)
    wide = slope * size[0] / size[1]
    index = _near_frustum(charts, camera, slope, wide, among)
    corners = charts.corners[index] - np.where(charts.sky[index, None, None], 0.0, camera.position)
    x, y, z = np.moveaxis(corners @ camera.axes.T, -1, 0)
    inside = np.ones(len(index), dtype=bool)
    for half_space in (z > 0, x < wide * z, x > -wide * z, y < slope * z, y > -slope * z):
        inside &= half_space.any(axis=1)
    distance = np.where(charts.sky[index], np.inf, (corners**2).sum(axis=-1).min(axis=1))[inside]
    return index[inside][np.argsort(distance, kind="stable")]


def _near_frustum(charts: Charts, camera: Camera, slope: float, wide: float, among: np.ndarray | None) -> np.ndarray:
    """Return int [n], the charts that face the camera and whose bounding balls touch its frustum. This cheap test removes most charts
    of a large scene, where testing all corners would take a frame. slope, wide: tangents of half the vertical and horizontal field
    of view."""
    plane, radius, centre = charts.bounds
    faces = np.where(charts.sky, 0.0, _along_normals(charts, camera)) > plane
    index = np.flatnonzero(faces if among is None else faces & among)
    eye = np.where(charts.sky[index, None], 0.0, camera.position)
    x, y, z = camera.axes @ (centre[index] - eye).T
    room = radius[index] * (1 + 1e-6) + 1e-6
    inside = z > -room
    for across, tangent in ((x, wide), (y, slope)):
        inside &= np.abs(across) < tangent * z + np.hypot(1.0, tangent) * room
    return index[inside]


def _along_normals(charts: Charts, camera: Camera) -> np.ndarray:
    """float [N]: how far the camera is from the world's origin along each chart's normal."""
    if charts.meshes is not None:
        return charts.normal @ np.asarray(camera.position)
    return (sides.NORMAL @ np.asarray(camera.position))[charts.side]


@dataclass(frozen=True)
class Group:
    """A run of the index buffer whose charts lie on one page (−1: any page that is not drawn separately)."""

    page: int
    first: int
    count: int


class ChartMesh:
    """All charts in one vertex buffer; each draw selects charts by rewriting a small index buffer."""

    def __init__(self, ctx: moderngl.Context, charts: Charts) -> None:
        self.ctx, self.charts = ctx, charts
        self._vertices = ctx.buffer(charts.vertices)
        self._indices = ctx.buffer(reserve=4 * 6 * len(charts), dynamic=True)
        self._arrays: dict[moderngl.Program, moderngl.VertexArray] = {}
        self._selected: tuple[bytes, list[int], bool, list[Group]] = (b"", [], False, [])

    def select(self, index: np.ndarray, separate_pages: Iterable[int] = (), in_order: bool = False) -> list[Group]:
        """Select charts int [n] to draw, in this order but grouped: one group per page of `separate_pages`, one (−1) for all others.

        in_order: keep the order exactly, with as many groups as that takes. The last selection is known, as each band of a picture
        asks for it again.
        """
        if not index.size:
            return []
        wanted = index.tobytes(), list(separate_pages), in_order
        if self._selected[:3] != wanted:
            self._selected = *wanted, self._write_indices(index, *wanted[1:])
        return self._selected[3]

    def _write_indices(self, index: np.ndarray, separate_pages: list[int], in_order: bool) -> list[Group]:
        page = self.charts.page[index]
        page = np.where(np.isin(page, separate_pages), page, -1)
        if not in_order:
            _, first, group = np.unique(page, return_index=True, return_inverse=True)
            order = np.argsort(first[group], kind="stable")  # a group is drawn when its first chart is due
            index, page = index[order], page[order]
        self._indices.write(((index[:, None] * 4).astype(np.uint32) + _CORNERS).tobytes())
        starts = np.flatnonzero(np.diff(page, prepend=-2))
        ends = np.append(starts[1:], index.size)
        return [Group(int(page[a]), int(a), int(b - a)) for a, b in zip(starts, ends, strict=True)]

    def draw(self, program: moderngl.Program, groups: list[Group], before: Callable[[int], None] | None = None) -> None:
        """Draw groups from `select`; `before(page)` is called before each to bind the page's textures."""
        if program not in self._arrays:
            layout, names = vertex_layout(self.charts.vertices)
            self._arrays[program] = self.ctx.vertex_array(
                program, [(self._vertices, layout, *names)], index_buffer=self._indices, skip_errors=True
            )
        for group in groups:
            if before is not None:
                before(group.page)
            self._arrays[program].render(moderngl.TRIANGLES, vertices=6 * group.count, first=6 * group.first)


class PartQuads:
    """Draws parts of charts from the vertices of `Charts.make_vertices`, uploaded for each draw."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self.ctx = ctx
        self._buffer = ctx.buffer(reserve=1 << 16, dynamic=True)
        self._arrays: dict[moderngl.Program, moderngl.VertexArray] = {}

    def draw(self, program: moderngl.Program, vertices: np.ndarray) -> None:
        """vertices: as `Charts.make_vertices` gives them."""
        if not len(vertices):
            return
        data = np.ascontiguousarray(vertices[:, _CORNERS])
        if data.nbytes > self._buffer.size:
            self._buffer.orphan(data.nbytes)
        self._buffer.write(data)
        if program not in self._arrays:
            layout, names = vertex_layout(vertices)
            self._arrays[program] = self.ctx.vertex_array(program, [(self._buffer, layout, *names)], skip_errors=True)
        self._arrays[program].render(moderngl.TRIANGLES, vertices=6 * len(vertices))
