"""Reads sheets from the atlas and writes dreamed ones back. Sheets lie on texels exactly, so that nothing is drawn or resampled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import moderngl
import numpy as np
from PIL import Image

from base.grid import CELL, by_block, enlarge, to_pixels
from engine.atlas import policy
from engine.atlas.page import DENSITY, EDGE_CONTAMINATED, FROZEN, STEPS, Page, colour_box, tiles_with
from engine.atlas.pages import Atlas
from engine.atlas.sheet_waves import Box, Footprint
from engine.atlas.views import GatheredSheet
from engine.geometry import sides
from engine.geometry.charts import Charts
from engine.geometry.pack import PAGE
from engine.geometry.planes import PlaneIndex
from engine.geometry.sheet import Sheet, nearest_of
from engine.geometry.surface_noise import surface_noise
from engine.gl.context import wait_for_gl
from engine.gl.time_sliced import Slices, run_on_thread


@dataclass(frozen=True)
class _Piece:
    """Texels of one chart on a sheet. box: on its page; at: rows and columns of the sheet's texels; owned: bool [h,w], those that
    belong to the piece's patch, since the next patch may begin within the box."""

    chart: int
    page: int
    box: Box
    at: tuple[slice, slice]
    owned: np.ndarray


@dataclass(frozen=True)
class _Stored:
    """What is stored under a sheet. chart: int32 [h,w] of its texels, -1: no surface; state: float32 [h,w,4]; latents: float32
    [4·n,rows,columns]; colours: uint8 [8·rows,8·columns,4]."""

    chart: np.ndarray
    state: np.ndarray
    latents: np.ndarray
    colours: np.ndarray


class SheetPass:
    """Reads and writes sheets. GL thread."""

    def __init__(self, charts: Charts, atlas: Atlas) -> None:
        self.charts, self.atlas = charts, atlas
        self.planes = PlaneIndex(charts)

    def gather(self, sheet: Sheet, seed: int, revision: int) -> Slices[GatheredSheet]:
        """Gather what a sheet shows. Where a plane has no surface, the nearest one of the patch goes on, unpainted."""
        s, channels = sheet.scale, self.atlas.channels
        shape = sheet.rows * s, sheet.columns * s
        chart, state = np.full(shape, -1, np.int32), np.zeros((*shape, 4), np.float32)
        latents = np.zeros((-(-channels // 4) * 4, sheet.rows, sheet.columns), np.float32)
        colours = np.zeros((sheet.rows * CELL, sheet.columns * CELL, 4), np.uint8)
        for piece in self._pieces(sheet):
            chart[piece.at][piece.owned] = piece.chart
            if piece.page not in self.atlas:
                continue
            wait_for_gl(self.atlas.ctx)
            page = self.atlas[piece.page]
            stored = _read_state(page, piece.box)
            if (stored[..., STEPS] > 0).any():
                state[piece.at][piece.owned] = stored[piece.owned]
                _place_latents(latents, page, piece, s)
                _place_colours(colours, page, piece, s)
            yield
        stored = _Stored(chart, state, latents, colours)
        return (yield from run_on_thread(partial(self._compose, sheet, stored, seed, revision)))

    def write(self, sheet: Sheet, latents: np.ndarray, colours: np.ndarray, steps: float, revision: int) -> Slices[int]:
        """Write a dreamed sheet where it is better than what is stored; return the number of texels written.

        latents: float32 [C,rows,columns]; colours: uint8 [8·rows,8·columns,3]; steps: behind it; revision: the new one.
        """
        fine, cells, inner = yield from run_on_thread(partial(_enlarge, sheet, latents, colours))
        state = np.array([steps, sheet.density, revision, 0], np.float32)
        changed: dict[int, np.ndarray] = {}
        for piece in self._pieces(sheet):
            mine = inner[piece.at] & piece.owned
            if not mine.any():
                continue
            wait_for_gl(self.atlas.ctx)
            fresh = piece.page not in self.atlas
            page = self.atlas.allocate(piece.page)
            if fresh:
                yield  # the driver clears megabytes, enough for one slice
                wait_for_gl(self.atlas.ctx)
            stored = _read_state(page, piece.box)
            clean = np.where(stored[..., FROZEN] == EDGE_CONTAMINATED, 0, stored[..., STEPS])
            takes = mine & (stored[..., FROZEN] <= 0)
            takes &= policy.accepts_write(clean, stored[..., DENSITY], steps, np.full(mine.shape, sheet.density))
            if takes.any():
                x, y, w, h = piece.box
                page.state.write(np.where(takes[..., None], state, stored), viewport=piece.box)
                for k, texture in enumerate(page.latents):
                    new = cells[piece.at][..., 4 * k : 4 * k + 4]
                    if not takes.all():
                        new = np.where(takes[..., None], new, _read(page.latent_frames[k], piece.box))
                    texture.write(np.ascontiguousarray(new), viewport=piece.box)
                _write_colours(page, piece, fine, takes)
                page.overview_outdated = True
                texels = changed.setdefault(piece.page, np.zeros((PAGE, PAGE), bool))
                texels[y : y + h, x : x + w] |= takes
            elif fresh:
                self.atlas.release_page(piece.page)
            yield
        for number, texels in changed.items():
            self.atlas[number].mark_changed(tiles_with(texels))
        return sum(int(texels.sum()) for texels in changed.values())

    def footprint(self, sheet: Sheet) -> list[Footprint]:
        """Return which texels gathering the sheet reads, and which writing it may change."""
        inner = enlarge(sheet.inner, sheet.scale)
        return [Footprint(p.page, p.box, p.owned, p.owned & inner[p.at]) for p in self._pieces(sheet)]

    def _compose(self, sheet: Sheet, stored: _Stored, seed: int, revision: int) -> GatheredSheet:
        """The gathered sheet from what is stored. Any thread."""
        s, state = sheet.scale, stored.state
        real = stored.chart >= 0
        chart = _extend(stored.chart, enlarge(sheet.patch, s))
        steps = np.where(state[..., FROZEN] == EDGE_CONTAMINATED, 0, state[..., STEPS])
        cell_steps, density = (_least(plane, real, s) for plane in (steps, state[..., DENSITY]))
        painted = cell_steps > 0
        stored.colours[~to_pixels(painted)] = 0
        middle = chart[s // 2 :: s, s // 2 :: s]
        point, pixel_point = (self._points(sheet, finer) for finer in (1, CELL))
        pixel = (np.arange(n * CELL) * s // CELL for n in (sheet.rows, sheet.columns))
        pixel_chart = chart[np.ix_(*pixel)]
        texel = point / self.charts.texel - self.charts.corner[middle]
        side = self.charts.side[middle]
        u, v = ((texel * axis[side]).sum(-1) for axis in (sides.U, sides.V))
        level = np.full(middle.shape, -int(np.log2(s)), np.int32)
        channels = self.atlas.channels
        return GatheredSheet(
            size=sheet.size,
            material=self.charts.material[middle],
            density=np.full(middle.shape, sheet.density, np.float32),
            noise=surface_noise(self.charts, middle, u, v, level, channels, seed),
            latents=np.where(painted, stored.latents[:channels], 0).astype(np.float32),
            steps=cell_steps,
            stored_density=density,
            colours=stored.colours,
            revision=revision,
            frozen=by_block(real & (state[..., FROZEN] > 0), s).any((1, 3)),
            edge_contaminated=np.zeros(middle.shape, bool),
            pixel_material=self.charts.material[pixel_chart],
            side=side,
            pixel_side=self.charts.side[pixel_chart],
            sheet=sheet,
            point=point,
            pixel_point=pixel_point,
            patch=to_pixels(sheet.patch),
            span=s * self.charts.texel,
        )

    def _pieces(self, sheet: Sheet) -> Iterator[_Piece]:
        """The parts of charts on a sheet."""
        s, charts = sheet.scale, self.charts
        for number, (u0, v0) in enumerate(sheet.origins.tolist()):
            mine = sheet.patch == number
            row, column = (np.flatnonzero(mine.any(axis)) for axis in (1, 0))
            u, v = u0 + int(column[0]) * s, v0 + int(row[0]) * s
            width, height = (int(n[-1] - n[0] + 1) * s for n in (column, row))
            texels = enlarge(mine, s)
            for c in self.planes.find_charts(sheet.patches[number].plane, (u, v, width, height)).tolist():
                (w, h), cu, cv = charts.size[c].tolist(), int(self.planes.u[c]), int(self.planes.v[c])
                left, top, right, bottom = max(cu, u), max(cv, v), min(cu + w, u + width), min(cv + h, v + height)
                box = int(charts.x[c]) + left - cu, int(charts.y[c]) + top - cv, right - left, bottom - top
                at = slice(top - v0, bottom - v0), slice(left - u0, right - u0)
                yield _Piece(c, int(charts.page[c]), box, at, texels[at])

    def _points(self, sheet: Sheet, finer: int) -> np.ndarray:
        """Return float64 [finer·rows,finer·columns,3]: the points that the middles of a grid's pixels show, blocks."""
        label = enlarge(sheet.patch, finer)
        v, u = ((np.arange(n * finer) + 0.5) * (sheet.scale / finer) for n in (sheet.rows, sheet.columns))
        out = np.empty((*label.shape, 3))
        for number, (u0, v0) in enumerate(sheet.origins.tolist()):
            row, column = np.nonzero(label == number)
            out[row, column] = self.planes.points(sheet.patches[number].plane, u0 + u[column], v0 + v[row])
        return out


def _enlarge(sheet: Sheet, latents: np.ndarray, colours: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what each texel of a dreamed sheet would get: colours uint8 [8·h,8·w,3], latents float32 [h,w,4·n], and whether it is
    stored, bool [h,w]."""
    s, (channels, *_) = sheet.scale, latents.shape
    height, width = colours.shape[:2]
    fine = colours if s == 1 else np.asarray(Image.fromarray(colours).resize((width * s, height * s)))
    padded = np.pad(latents.astype(np.float32), ((0, -channels % 4), (0, 0), (0, 0)))
    return fine, enlarge(padded.transpose(1, 2, 0), s), enlarge(sheet.inner, s)


def _extend(chart: np.ndarray, patch: np.ndarray) -> np.ndarray:
    """Return int32 [h,w]: the nearest chart of the same patch where there is none (-1)."""
    out = chart.copy()
    for number in np.unique(patch[chart < 0]):
        mine = patch == number
        out[mine] = chart[nearest_of(mine & (chart >= 0))][mine]
    return out


def _least(values: np.ndarray, real: np.ndarray, side: int) -> np.ndarray:
    """Return float32 [h/side,w/side]: the least of each block's `real` values [h,w], 0 where there is none."""
    least = by_block(np.where(real, values, np.inf), side).min((1, 3))
    return np.where(np.isfinite(least), least, 0).astype(np.float32)


def _centres(at: slice, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which texels of a run, counted from its start, are the middle one of their latent pixel, and those latent pixels."""
    texel = np.arange(at.start, at.stop)
    found = np.flatnonzero(texel % scale == scale // 2)
    return found, texel[found] // scale


def _read(frame: moderngl.Framebuffer, box: Box, dtype: str = "f4", attachment: int = 0) -> np.ndarray:
    """Return [h,w,4], a box of a framebuffer."""
    data = frame.read(viewport=box, components=4, attachment=attachment, dtype=dtype)
    return np.frombuffer(data, np.float32 if dtype == "f4" else np.uint8).reshape(box[3], box[2], 4)


def _read_state(page: Page, box: Box) -> np.ndarray:
    return _read(page.latent_frames[0], box, attachment=1)


def _place_latents(latents: np.ndarray, page: Page, piece: _Piece, scale: int) -> None:
    """Copy a piece's stored latents, those of the texels in the middle of a latent pixel, to [C,rows,columns]."""
    rows, columns = (_centres(part, scale) for part in piece.at)
    here, there = np.ix_(rows[0], columns[0]), np.ix_(rows[1], columns[1])
    for k, frame in enumerate(page.latent_frames):
        layer = np.where(piece.owned[here][..., None], _read(frame, piece.box)[here], 0)
        latents[(slice(4 * k, 4 * k + 4), *there)] += layer.transpose(2, 0, 1)


def _place_colours(colours: np.ndarray, page: Page, piece: _Piece, scale: int) -> None:
    """Copy a piece's stored colours to the sheet's picture [H,W,4], every `scale`th pixel of them, where texels are painted."""
    stored = _read(page.colour_frame, colour_box(piece.box), "f1")
    rows, columns = (_centres(slice(part.start * CELL, part.stop * CELL), scale) for part in piece.at)
    mine = to_pixels(piece.owned)[np.ix_(rows[0], columns[0])]
    there = np.ix_(rows[1], columns[1])
    colours[there] = np.where(mine[..., None], stored[np.ix_(rows[0], columns[0])], colours[there])


def _write_colours(page: Page, piece: _Piece, fine: np.ndarray, takes: np.ndarray) -> None:
    """Write a piece's part of the fine picture, uint8 [8·h,8·w,3] of the sheet's texels, where `takes` [h,w]."""
    rows, columns = (slice(part.start * CELL, part.stop * CELL) for part in piece.at)
    new = np.full((*fine[rows, columns].shape[:2], 4), 255, np.uint8)
    new[..., :3] = fine[rows, columns]
    if not takes.all():
        old = _read(page.colour_frame, colour_box(piece.box), "f1")
        new = np.where(to_pixels(takes)[..., None], new, old)
    page.colour.write(np.ascontiguousarray(new), viewport=colour_box(piece.box))
