"""Scatter: writes a painted view into the atlas. Each texel looks itself up in the view and takes paint that is better than its own."""

from __future__ import annotations

from dataclasses import dataclass

import moderngl
import numpy as np

from base.grid import CELL
from engine.atlas.page import FROZEN, REVISION, Page, tiles_with
from engine.atlas.pages import Atlas
from engine.atlas.views import GatheredView, PaintedView
from engine.atlas.visibility import TexelMasks
from engine.atlas.write_mask import upload_labels, upload_pixels
from engine.geometry.charts import Charts
from engine.geometry.mesh import PartQuads, find_visible_charts
from engine.geometry.pack import PAGE
from engine.geometry.rectangles import merge_rectangles
from engine.geometry.uniforms import camera_uniforms
from engine.gl.context import wait_for_gl
from engine.gl.shaders import get_program, set_uniforms
from engine.gl.targets import RenderTargets, colour_texture, read_by_texel, read_texture
from engine.gl.time_sliced import Slices, scissor, split_rows

TESTED_PER_SLICE = 1 << 12  # texels of a page tested in one slice
COLOURED_PER_SLICE = 1 << 8  # texels whose colours are written in one slice
_VIEW, _DREAMED, _STATE, _LABELS, _SHOWN = range(5)  # texture units


@dataclass(frozen=True)
class _Source:
    """A painted view on the GPU. latents: textures of four channels each; image: None if colours are not written."""

    ctx: moderngl.Context
    uniforms: dict[str, object]
    view: moderngl.Texture
    latents: list[moderngl.Texture]
    image: moderngl.Texture | None
    labels: moderngl.Texture
    shown: moderngl.Texture
    revision: int

    def use(self, shader: moderngl.Program, dreamed: moderngl.Texture) -> None:
        """Bind the textures and set the uniforms of a shader. dreamed: the latents or the picture."""
        set_uniforms(
            shader,
            **self.uniforms,
            view=_VIEW,
            dreamed=_DREAMED,
            picture=_DREAMED,
            state=_STATE,
            labels=_LABELS,
            shown=_SHOWN,
        )
        self.ctx.disable(moderngl.BLEND | moderngl.CULL_FACE | moderngl.DEPTH_TEST)
        self.view.use(_VIEW)
        dreamed.use(_DREAMED)
        self.labels.use(_LABELS)
        self.shown.use(_SHOWN)

    def release(self) -> None:
        for texture in filter(None, (*self.latents, self.image, self.labels, self.shown)):
            texture.release()


class ScatterPass:
    """Runs in slices. The shader decides against a copy of the page's state, so that no texture is read while it is written."""

    def __init__(self, ctx: moderngl.Context, charts: Charts, atlas: Atlas, targets: RenderTargets) -> None:
        self.ctx, self.charts, self.atlas, self.targets = ctx, charts, atlas, targets
        self._quads = PartQuads(ctx)
        self._latent = get_program(ctx, "vertex/chart_page", "atlas/scatter_latents", charts.defines)
        self._colour = get_program(ctx, "vertex/chart_page", "atlas/scatter_colour", charts.defines)
        self._owners: dict[int, np.ndarray] = {}

    def paint(
        self,
        gathered: GatheredView,
        painted: PaintedView,
        view: moderngl.Texture,
        revision: int,
        colours: bool = True,
        only_texels: TexelMasks | None = None,
    ) -> Slices[int]:
        """Write a painted view; return the number of texels written. view: (chart, depth) at its camera and size; the other arguments
        are those of `LatentVolume.scatter`."""
        paints_sky = gathered.part.paints_sky or only_texels is not None
        source = yield from self._upload_source(gathered, painted, view, revision, colours, paints_sky)
        yield
        shown = np.flatnonzero(np.bincount(read_texture(self.ctx, view)[..., 0].astype(np.int32).ravel()))
        visible = find_visible_parts(self.charts, gathered, shown)
        written = 0
        for number in np.unique(self.charts.page[visible[:, 0]]).tolist():
            if only_texels is not None and number not in only_texels:
                continue
            parts = visible[self.charts.page[visible[:, 0]] == number]
            written += yield from self._paint_page(
                source, number, parts, None if only_texels is None else only_texels[number]
            )
        source.release()
        return written

    def _paint_page(self, source: _Source, number: int, parts: np.ndarray, only: np.ndarray | None) -> Slices[int]:
        fresh = number not in self.atlas
        page = self.atlas.allocate(number)
        if fresh:
            yield  # the driver clears megabytes, enough for one slice
        yield from self._paint_latents(source, page, parts, only)
        accepted = page.read_state()[..., REVISION] == source.revision
        if accepted.any():
            if source.image is not None:
                yield from self._paint_colours(source, page, number, accepted)
            page.mark_changed(tiles_with(accepted))
        elif fresh:
            self.atlas.release_page(number)
        return int(accepted.sum())

    def _paint_latents(self, source: _Source, page: Page, parts: np.ndarray, only: np.ndarray | None) -> Slices[None]:
        """Write latents, state and the new revision to the page's texels for which the new paint is better."""
        before = self.targets.get("before", (PAGE, PAGE), ((4, "f4"), (4, "f4")), depth=False)
        if only is None:
            before.use()  # the target's scissor applies to copies, too
            self.ctx.copy_framebuffer(before, page.latent_frames[0])
        else:
            wait_for_gl(self.ctx)
            colour_texture(before, 1).write(_restrict_state(page.read_state(), only))
        vertices = self.charts.make_vertices(*parts.T)
        for low, high in split_rows(_texels_per_row(self.charts, parts), TESTED_PER_SLICE):
            for texture, frame in zip(source.latents, page.latent_frames, strict=True):
                with scissor(frame, (0, low, PAGE, high - low)):
                    source.use(self._latent, texture)
                    colour_texture(before, 1).use(_STATE)
                    self._quads.draw(self._latent, vertices)
            yield
        wait_for_gl(self.ctx)

    def _paint_colours(self, source: _Source, page: Page, number: int, accepted: np.ndarray) -> Slices[None]:
        if number not in self._owners:
            self._owners[number] = self.charts.owner_map(number)
        found = merge_rectangles(np.where(accepted, self._owners[number] + 1, 0)[None])
        chart = found["label"] - 1
        i, j = found["column"] - self.charts.x[chart], found["row"] - self.charts.y[chart]
        parts = self.charts.make_vertices(chart, i, j, i + found["columns"], j + found["rows"])
        assert source.image is not None
        yield
        for low, high in split_rows(accepted.sum(axis=1), COLOURED_PER_SLICE):
            here = (found["row"] < high) & (found["row"] + found["rows"] > low)
            with scissor(page.colour_frame, (0, low * CELL, PAGE * CELL, (high - low) * CELL)):
                source.use(self._colour, source.image)
                self._quads.draw(self._colour, parts[here])
            yield
        self.atlas.overview_pass.draw(page, None if page.overview_outdated else parts)
        yield

    def _upload_source(
        self,
        gathered: GatheredView,
        painted: PaintedView,
        view: moderngl.Texture,
        revision: int,
        colours: bool,
        paints_sky: bool,
    ) -> Slices[_Source]:
        uniforms = camera_uniforms(self.charts, painted.camera, painted.size) | {
            "borders": painted.borders,
            "page_size": float(PAGE),
            "colour_size": float(PAGE * CELL),
            "steps": float(painted.steps),
            "revision": float(revision),
            "paints_sky": paints_sky,
        }
        image = self._upload_picture(painted.colours) if colours else None
        yield
        labels = upload_labels(self.ctx, gathered, painted.kept_mask)
        shown = upload_pixels(self.ctx, gathered, painted.shown_materials, corners=colours)
        latents = self._upload_latents(painted.latents)
        return _Source(self.ctx, uniforms, view, latents, image, labels, shown, revision)

    def _upload_latents(self, latents: np.ndarray) -> list[moderngl.Texture]:
        channels, height, width = latents.shape
        padded = np.zeros((-(-channels // 4) * 4, height, width), dtype=np.float32)
        padded[:channels] = latents
        layers = padded.reshape(-1, 4, height, width).transpose(0, 2, 3, 1)
        return [
            read_by_texel(self.ctx.texture((width, height), 4, dtype="f4", data=np.ascontiguousarray(x)))
            for x in layers
        ]

    def _upload_picture(self, colours: np.ndarray) -> moderngl.Texture:
        height, width = colours.shape[:2]
        rgba = np.full((height, width, 4), 255, dtype=np.uint8)
        rgba[..., :3] = colours[..., :3]
        texture = self.ctx.texture((width, height), 4, data=rgba)
        texture.repeat_x = texture.repeat_y = False
        texture.build_mipmaps(0, 4)  # on a close wall each colour texel covers many pixels
        return texture


def _texels_per_row(charts: Charts, parts: np.ndarray) -> np.ndarray:
    """Return int [PAGE]: texels in each row of a page that parts of its charts cover, int [n,5] (chart, i0, j0, i1, j1)."""
    chart, i0, j0, i1, j1 = parts.T
    change = np.zeros(PAGE + 1, np.int64)
    np.add.at(change, charts.y[chart] + j0, i1 - i0)
    np.add.at(change, charts.y[chart] + j1, i0 - i1)
    return np.cumsum(change)[:PAGE]


def _restrict_state(state: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return a page's state that lets a scatter win exactly on the texels of a mask: all others are marked frozen."""
    free = mask & (state[..., FROZEN] <= 0)
    opened = np.zeros_like(state)
    opened[..., FROZEN] = ~free
    return opened


FEW_PIXELS = 64  # latent pixels: with fewer, they say little about how much of a chart is visible


def find_visible_parts(charts: Charts, gathered: GatheredView, shown: np.ndarray) -> np.ndarray:
    """Return int [n,5] (chart, i0, j0, i1, j1): the parts of charts that painting a gathered view can touch.

    shown: charts visible at full size. Charts with many latent pixels are cut to the visible texels and a margin; others, so
    narrow or steep that they lie between latent pixels, are returned whole. Of a mesh that is shown, all triangles that face the
    camera are: many are smaller than a pixel.
    """
    if charts.meshes is not None:
        seen = np.isin(charts.meshes.mesh, np.setdiff1d(charts.meshes.mesh[shown], -1))
        among = gathered.part.shown(charts)
        seen &= True if among is None else among
        shown = np.union1d(shown, find_visible_charts(charts, gathered.camera, gathered.size, seen))
    chart = gathered.chart.ravel()
    i = gathered.texel[..., 2].ravel() - charts.x[chart]
    j = gathered.texel[..., 1].ravel() - charts.y[chart]
    found, index, count = np.unique(chart, return_inverse=True, return_counts=True)
    low, high = np.full((2, len(found)), np.iinfo(np.int32).max), np.zeros((2, len(found)), dtype=np.int64)
    for k, texel in enumerate((i, j)):
        np.minimum.at(low[k], index, texel)
        np.maximum.at(high[k], index, texel)
    spacing = (high - low + 1) / np.sqrt(count)  # of the latent pixels in texels, as if evenly spaced
    margin = 2 * np.ceil(spacing).astype(np.int64) + 1
    low = np.maximum(low - margin, 0)
    high = np.minimum(high + margin + 1, charts.size[found].T)
    cut = np.stack([found, *low, *high], axis=1)[count >= FEW_PIXELS]
    whole = np.setdiff1d(shown, cut[:, 0])
    whole_parts = np.stack([whole, 0 * whole, 0 * whole, *charts.size[whole].T], axis=1)
    return charts.pieces_of(np.concatenate([cut, whole_parts]))
