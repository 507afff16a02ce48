"""The charts as GL geometry, and which of them a camera can see: drawn page by page, near ones first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import moderngl
import numpy as np

from engine.geometry import sides
from engine.geometry.charts import ATTRIBUTES, VERTEX, Charts
from scenes.camera import Camera

_CORNERS = np.array([0, 1, 2, 2, 1, 3], dtype=np.uint32)  # two triangles of a quad's four vertices


def visible(charts: Charts, camera: Camera, size: tuple[int, int]) -> np.ndarray:
    """Indices int [n] of the charts that face the camera and touch its frustum, the nearest first, the sky last."""
    slope = np.tan(np.radians(camera.fov) / 2)
    wide = slope * size[0] / size[1]
    index = _near_frustum(charts, camera, slope, wide)
    corners = charts.corners[index] - np.where(charts.sky[index, None, None], 0.0, camera.position)
    x, y, z = np.moveaxis(corners @ camera.axes.T, -1, 0)
    inside = np.ones(len(index), dtype=bool)
    for half_space in (z > 0, x < wide * z, x > -wide * z, y < slope * z, y > -slope * z):
        inside &= half_space.any(axis=1)
    distance = np.where(charts.sky[index], np.inf, (corners**2).sum(axis=-1).min(axis=1))[inside]
    return index[inside][np.argsort(distance, kind="stable")]


def _near_frustum(charts: Charts, camera: Camera, slope: float, wide: float) -> np.ndarray:
    """Indices of the charts that face the camera and whose balls touch its frustum: a few of the many of a large scene, for which
    all corners would cost a frame. slope, wide: tangents of half the field of view, up and across."""
    plane, radius, centre = charts.bounds
    faces = np.where(charts.sky, 0.0, (sides.NORMAL @ np.asarray(camera.position))[charts.side]) > plane
    index = np.flatnonzero(faces)
    eye = np.where(charts.sky[index, None], 0.0, camera.position)
    x, y, z = camera.axes @ (centre[index] - eye).T
    room = radius[index] * (1 + 1e-6) + 1e-6
    inside = z > -room
    for across, tangent in ((x, wide), (y, slope)):
        inside &= np.abs(across) < tangent * z + np.hypot(1.0, tangent) * room
    return index[inside]


@dataclass(frozen=True)
class Group:
    """A run of the index buffer that needs the same page."""

    page: int
    first: int
    count: int


class Mesh:
    """All charts in one vertex buffer; each draw picks some of them by rewriting a small index buffer."""

    def __init__(self, ctx: moderngl.Context, charts: Charts) -> None:
        self.ctx, self.charts = ctx, charts
        self._vertices = ctx.buffer(charts.vertices)
        self._indices = ctx.buffer(reserve=4 * 6 * len(charts), dynamic=True)
        self._arrays: dict[moderngl.Program, moderngl.VertexArray] = {}

    def select(self, index: np.ndarray, apart: Iterable[int] = ()) -> list[Group]:
        """Choose charts int [n] to draw, in this order but grouped by page: pages of `apart` each, all others together (−1)."""
        if not index.size:
            return []
        page = self.charts.page[index]
        page = np.where(np.isin(page, list(apart)), page, -1)
        _, first = np.unique(page, return_index=True)
        order = np.argsort(_rank(page, first), kind="stable")  # a page's turn comes with its first chart
        index, page = index[order], page[order]
        self._indices.write(((index[:, None] * 4).astype(np.uint32) + _CORNERS).tobytes())
        starts = np.flatnonzero(np.diff(page, prepend=-2))
        ends = np.append(starts[1:], index.size)
        return [Group(int(page[a]), int(a), int(b - a)) for a, b in zip(starts, ends, strict=True)]

    def draw(self, program: moderngl.Program, groups: list[Group], before: Callable[[int], None] | None = None) -> None:
        """Draw the selected groups; `before(page)` binds a page's textures."""
        if program not in self._arrays:
            self._arrays[program] = self.ctx.vertex_array(
                program, [(self._vertices, VERTEX, *ATTRIBUTES)], index_buffer=self._indices, skip_errors=True
            )
        for group in groups:
            if before is not None:
                before(group.page)
            self._arrays[program].render(moderngl.TRIANGLES, vertices=6 * group.count, first=6 * group.first)


def _rank(page: np.ndarray, first: np.ndarray) -> np.ndarray:
    order = {int(page[i]): int(i) for i in first}
    return np.array([order[int(p)] for p in page], dtype=np.int64)


class Quads:
    """Parts of charts, drawn once: the vertices of `Charts.quads`."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self.ctx = ctx
        self._buffer = ctx.buffer(reserve=1 << 16, dynamic=True)

    def draw(self, program: moderngl.Program, vertices: np.ndarray) -> None:
        """vertices: float32 [n,4,13]."""
        if not len(vertices):
            return
        data = np.ascontiguousarray(vertices[:, _CORNERS]).tobytes()
        if len(data) > self._buffer.size:
            self._buffer.orphan(len(data))
        self._buffer.write(data)
        array = self.ctx.vertex_array(program, [(self._buffer, VERTEX, *ATTRIBUTES)], skip_errors=True)
        array.render(moderngl.TRIANGLES, vertices=6 * len(vertices))
        array.release()
