"""Finds the texels that a view, or part of its picture, shows: for brushes, masks and "this view"."""

from __future__ import annotations

from collections.abc import Mapping

import moderngl
import numpy as np

from engine.geometry.charts import Charts
from engine.geometry.mesh import ChartMesh, PartQuads, find_visible_charts
from engine.geometry.pack import PAGE
from engine.geometry.uniforms import camera_uniforms
from engine.gl.context import wait_for_gl
from engine.gl.shaders import get_program, set_uniforms
from engine.gl.targets import RenderTargets, colour_texture, read_by_texel, read_texture
from engine.gl.time_sliced import Slices, TimeSlicedTask, scissor, split_into_bands
from scenes.camera import Camera

TexelMasks = Mapping[int, np.ndarray]  # page → bool [PAGE,PAGE]: a set of texels
FEW_PIXELS = 64  # pixels: with fewer, they say little about how much of a chart is visible


class VisibilityPass:
    """Finds texels both ways: texels look themselves up in the view, so that none between two pixels is missed, and pixels look up
    their texel, so that none that shows only a corner is missed. GL thread."""

    def __init__(self, ctx: moderngl.Context, charts: Charts, mesh: ChartMesh) -> None:
        self.ctx, self.charts, self.mesh = ctx, charts, mesh
        self._targets, self._quads = RenderTargets(ctx), PartQuads(ctx)
        self._view = get_program(ctx, "vertex/chart_view", "atlas/chart_depth", charts.defines)
        self._test = get_program(ctx, "vertex/chart_page", "atlas/visible_texels", charts.defines)
        # the last view, and the chart of each of its pixels
        self._drawn: tuple[Camera, tuple[int, int], bool, np.ndarray] | None = None
        self._drawing = object()  # identifies the drawing that is in progress

    def find_texels(
        self, camera: Camera, size: tuple[int, int], mask: np.ndarray | None = None, through: bool = False
    ) -> Slices[TexelMasks]:
        """Find the texels visible where mask [H,W] is above 0 (None: anywhere). size: (width, height) of the view in pixels.

        through: also those that are seen through any number of see-through surfaces.
        """
        if mask is not None and not mask.any():
            return {}
        found = yield from self._find_shown(camera, size, mask, through=False)
        if through and find_visible_charts(self.charts, camera, size, self.charts.see_through).size:
            behind = yield from self._find_shown(camera, size, mask, through=True)
            for page, texels in behind.items():
                _add(found, page, texels)
        return found

    def _find_shown(
        self, camera: Camera, size: tuple[int, int], mask: np.ndarray | None, through: bool
    ) -> Slices[dict[int, np.ndarray]]:
        """Find the texels of the nearest surfaces; through: of the nearest opaque ones, and all texels in front of these."""
        chart = yield from self.draw_charts(camera, size, through)
        mask = np.ones(chart.shape, bool) if mask is None else mask > 0
        planes = _Planes(self.charts, camera, chart)
        yield
        reach, found = _Extents(self.charts, planes.index), dict[int, np.ndarray]()
        for _, row, _, rows in split_into_bands(size):
            part = slice(row, row + rows)
            shown = chart[part][mask[part]]
            u, v = planes.meet(shown, camera.rays(size, part)[mask[part]])
            reach.add(planes.local[shown], u, v)
            page, (y, x) = self.charts.page[shown], _locate_points(self.charts, shown, u, v)
            for number in planes.pages:
                here = page == number
                if here.any():
                    found.setdefault(number, np.zeros((PAGE, PAGE), bool))[y[here], x[here]] = True
            yield
        marks = self.ctx.texture(size, 1, data=np.ascontiguousarray(mask * np.uint8(255)), alignment=1)
        read_by_texel(marks)
        parts = reach.parts
        if through:  # no pixel tells how much of these is visible
            glass = find_visible_charts(self.charts, camera, size, self.charts.see_through)
            parts = np.concatenate([parts, _whole_parts(self.charts, glass)])
        parts = self.charts.pieces_of(parts)
        for number in np.unique(self.charts.page[parts[:, 0]]).tolist():
            here = parts[self.charts.page[parts[:, 0]] == number]
            _add(found, number, self._test_texels(camera, size, marks, here, through))
            yield
        marks.release()
        return found

    def _test_texels(
        self, camera: Camera, size: tuple[int, int], marks: moderngl.Texture, parts: np.ndarray, through: bool
    ) -> np.ndarray:
        """Return bool [PAGE,PAGE]: texels of parts of one page's charts that the view shows at a marked pixel."""
        TimeSlicedTask(
            self.ctx, self.draw_charts(camera, size, through)
        ).run_to_end()  # another view may have been drawn since
        frame = self._targets.get("visible_texels", (PAGE, PAGE), ((1, "f1"),), depth=False)
        uniforms = camera_uniforms(self.charts, camera, size)
        set_uniforms(self._test, **uniforms, page_size=float(PAGE), view=0, mask=1)
        frame.use()
        frame.clear()
        self.ctx.disable(moderngl.BLEND | moderngl.CULL_FACE | moderngl.DEPTH_TEST)
        colour_texture(self._frame(size)).use(0)
        marks.use(1)
        self._quads.draw(self._test, self.charts.make_vertices(*parts.T))
        return read_texture(self.ctx, colour_texture(frame))[..., 0] > 0

    def release(self) -> None:
        self._targets.release()

    def _frame(self, size: tuple[int, int]) -> moderngl.Framebuffer:
        return self._targets.get("view", size, ((2, "f4"),), depth=True)

    def draw_charts(self, camera: Camera, size: tuple[int, int], through: bool = False) -> Slices[np.ndarray]:
        """Find the chart of each pixel, int [H,W]; through: the nearest opaque one. Repeated calls for one view, as by brush strokes,
        draw once."""
        hurried, view = False, (camera, size, through)
        while self._drawn is None or self._drawn[:3] != view:
            drawing = self._drawing = object()
            self._drawn = None
            among = ~self.charts.see_through if through else None
            frame, visible = self._frame(size), find_visible_charts(self.charts, camera, size, among)
            wait_for_gl(self.ctx)
            frame.use()
            frame.clear()
            for box in split_into_bands(size):
                set_uniforms(self._view, **camera_uniforms(self.charts, camera, size))
                groups = self.mesh.select(visible)
                self.ctx.disable(moderngl.BLEND | moderngl.CULL_FACE)
                self.ctx.enable(moderngl.DEPTH_TEST)
                self.ctx.depth_func = "<="
                with scissor(frame, box):
                    self.mesh.draw(self._view, groups)
                if not hurried:
                    yield
                if self._drawing is not drawing:
                    # Another caller drew a different view meanwhile. Draw again without yielding, or both would wait forever.
                    hurried = True
                    break
            else:
                chart = np.round(read_texture(self.ctx, colour_texture(frame))[..., 0]).astype(np.int32)
                self._drawn = *view, chart
        return self._drawn[3]


def locate_pixels(charts: Charts, camera: Camera, chart: np.ndarray) -> np.ndarray:
    """Return int32 [...,3]: the atlas texel (page, y, x) of each pixel of `VisibilityPass.draw_charts`. Any thread."""
    flat = chart.ravel()
    row, column = _locate_points(
        charts, flat, *_Planes(charts, camera, flat).meet(flat, camera.rays(chart.shape[::-1]).reshape(-1, 3))
    )
    return np.stack([charts.page[flat], row, column], axis=-1).reshape(*chart.shape, 3)


def _locate_points(charts: Charts, chart: np.ndarray, u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return row and column in the page of points (u, v) of charts [n], in texels."""
    w, h = charts.size[chart].T
    row, column = np.clip(v, 0, h - 1).astype(np.int32), np.clip(u, 0, w - 1).astype(np.int32)
    return charts.y[chart] + row, charts.x[chart] + column


class _Planes:
    """The planes of the charts that pixels [...] show, relative to a camera. index: int [n], those charts; local: int [N], each chart's
    position in `index`; pages: their pages. Values per chart are computed once, for these charts only."""

    def __init__(self, charts: Charts, camera: Camera, chart: np.ndarray) -> None:
        shown = np.zeros(len(charts), bool)
        shown[chart] = True
        self.index = index = np.flatnonzero(shown)
        self.local = np.cumsum(shown) - 1
        self.pages: list[int] = np.unique(charts.page[index]).tolist()
        start = charts.origin[index] - np.where(charts.sky[index, None], 0.0, camera.position)
        self._normal = charts.normal[index].astype(float)
        self._far = _row_dots(self._normal, start)
        self._axes = [(axis, _row_dots(axis, start)) for axis in charts.dual(index)]

    def meet(self, chart: np.ndarray, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return u, v [n]: where rays [n,3] from the camera meet the planes of charts [n], in texels."""
        local = self.local[chart]
        far = self._far[local] / np.minimum(_row_dots(self._normal[local], rays), -1e-9)
        u, v = (far * _row_dots(axis[local], rays) - start[local] for axis, start in self._axes)
        return u, v


class _Extents:
    """The extents of pixels' points (u, v) on each of the charts `index`, int [n]."""

    def __init__(self, charts: Charts, index: np.ndarray) -> None:
        self.size, self.index, self.count = charts.size[index], index, np.zeros(len(index), np.int64)
        self.low, self.high = np.full((2, len(index)), np.inf), np.full((2, len(index)), -np.inf)

    def add(self, local: np.ndarray, u: np.ndarray, v: np.ndarray) -> None:
        """Extend by points (u, v) [n]; local: int [n], positions of their charts in `index`."""
        self.count += np.bincount(local, minlength=len(self.index))
        for k, texel in enumerate((u, v)):
            np.minimum.at(self.low[k], local, texel)
            np.maximum.at(self.high[k], local, texel)

    @property
    def parts(self) -> np.ndarray:
        """int [m,5] (chart, i0, j0, i1, j1): parts of charts that contain all texels of the pixels."""
        found = np.flatnonzero(self.count)
        count, low, high = self.count[found], self.low[:, found], self.high[:, found]
        chart = self.index[found]
        whole = np.stack([chart, 0 * chart, 0 * chart, *self.size[found].T], axis=1)
        margin = 2 * np.ceil((high - low + 1) / np.sqrt(count)) + 1  # the pixels' spacing, as if even
        low, high = np.maximum(np.floor(low - margin), 0), np.minimum(np.ceil(high + margin), whole[:, 3:].T)
        cut = np.concatenate([chart[None], low, high]).T.astype(np.int64)
        return np.where((count >= FEW_PIXELS)[:, None], cut, whole)


def _add(found: dict[int, np.ndarray], page: int, texels: np.ndarray) -> None:
    """Add texels of a page, bool [PAGE,PAGE], to those found."""
    found[page] = found[page] | texels if page in found else texels


def _whole_parts(charts: Charts, index: np.ndarray) -> np.ndarray:
    """Return int [n,5] (chart, i0, j0, i1, j1): the whole of charts int [n]."""
    return np.stack([index, 0 * index, 0 * index, *charts.size[index].T], axis=1)


def _row_dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return [n], the dot products of the rows of [n,3] and [n,3]."""
    return np.einsum("ij,ij->i", a, b)
