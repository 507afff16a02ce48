"""Keeps paint across an edit of the scene: texels of surfaces that still exist move to their new place in the atlas.

Two texels are the same if voxel, side and material are; of a mesh, if the mesh has the same triangles, texture and material, wherever
it stands; of several such meshes, the one that stands there still. `plan_remap` finds them in numpy, on any thread; `AtlasRemap` copies
latents, state and colours on the GPU bit for bit, slice by slice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import moderngl
import numpy as np

from base.grid import CELL
from engine.atlas.volume import LatentVolume
from engine.geometry import sides
from engine.geometry.charts import Charts
from engine.geometry.mesh_charts import MeshKey
from engine.geometry.pack import PAGE
from engine.geometry.rectangles import merge_rectangles
from engine.gl.shaders import get_program, set_uniforms

MESH = len(sides.NORMAL)  # what stands for a side in the keys of the first mesh's texels
TEXELS_PER_SLICE = PAGE * PAGE // 8  # texels copied in one slice: a few milliseconds even with software GL


@dataclass(frozen=True)
class PageMove:
    """Texel rectangles to copy from page `source` to page `target`: int32 [n,6] (x, y in target, dx, dy to source, w, h).

    whole: all charts of the page stay where they are and no others are added, so the page can be handed over without copying.
    """

    source: int
    target: int
    rectangles: np.ndarray
    whole: bool = False


def plan_remap(old: Charts, new: Charts, materials: np.ndarray, pages: Iterable[int]) -> list[PageMove]:
    """Find where the texels of old `pages` are among the new charts. materials: int [n], new index of each old material, −1 if gone."""
    found = [move for page in pages for move in _plan_page(old, new, materials, page)]
    sources = {}
    for move in found:
        sources.setdefault(move.target, set()).add(move.source)
    return [
        PageMove(
            m.source, m.target, m.rectangles, whole=m.whole and sources[m.target] == {m.source} and m.source == m.target
        )
        for m in found
    ]


def map_texels(old: Charts, new: Charts, materials: np.ndarray, page: int) -> np.ndarray:
    """Return int32 [PAGE,PAGE,3]: the new (page, y, x) of each texel of an old page, −1 where it no longer exists or never did."""
    owner = old.owner_map(page)
    y, x = np.nonzero(owner >= 0)
    chart = owner[y, x]
    i, j = x - old.x[chart], y - old.y[chart]
    there = np.full((len(chart), 3), -1, np.int32)
    sky = old.sky[chart]
    if sky.any():
        of_side = np.zeros(6, np.int32)
        of_side[new.side[new.sky]] = np.flatnonzero(new.sky)
        there[sky] = _atlas_places(new, of_side[old.side[chart[sky]]], i[sky], j[sky])
    solid = np.flatnonzero(~sky)
    c = chart[solid]
    target, u, v = find_keys(new, old.voxels, old.mesh_keys, *texel_keys(old, c, i[solid], j[solid]))
    same = (target >= 0) & (new.material[target] == materials[old.material[c]])
    there[solid[same]] = _atlas_places(new, target[same], u[same], v[same])
    out = np.full((PAGE, PAGE, 3), -1, np.int32)
    out[y, x] = there
    return out


def texel_voxels(charts: Charts, chart: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Return int [n,3]: the voxel (x, y, z) behind texel (i, j) of a solid chart; the inverse of `Charts.find_texels`."""
    u, v, n = (axes[charts.side[chart]].astype(np.int64) for axes in (sides.U, sides.V, sides.NORMAL))
    # along a negative axis texel 0 lies before the corner; the voxel lies behind its face
    behind = np.minimum(u, 0) + np.minimum(v, 0) - np.maximum(n, 0)
    return charts.corner[chart] + u * i[:, None] + v * j[:, None] + behind


def texel_keys(charts: Charts, chart: np.ndarray, i: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (voxel int [n,3], side int [n]) of texels (i, j) of charts that aren't the sky's. On a mesh, side is MESH and the mesh's
    number, and voxel is i, j and the number of the triangle."""
    voxel, side = texel_voxels(charts, chart, i, j), charts.side[chart].astype(np.int64)
    if charts.meshes is not None:
        mesh = charts.meshes.mesh[chart]
        own = mesh >= 0
        voxel[own] = np.stack([i, j, charts.meshes.triangle[chart]], axis=1)[own]
        side = np.where(own, MESH + mesh, side)
    return voxel, side


def find_keys(
    charts: Charts, voxels: int, meshes: tuple[MeshKey, ...], voxel: np.ndarray, side: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (chart, i, j) int32 [n] of texels by the keys that `texel_keys` gave for other charts; chart −1: there is no such texel.

    voxels, meshes: `voxels` and `mesh_keys` of those other charts.
    """
    chart, i, j = (np.full(len(side), -1, np.int32) for _ in range(3))
    blocks, own = np.flatnonzero(side < MESH), np.flatnonzero(side >= MESH)
    if voxels == charts.voxels:
        chart[blocks], i[blocks], j[blocks] = charts.find_texels(voxel[blocks], side[blocks])
    if own.size and charts.meshes is not None:
        number = match_keys(meshes, charts.mesh_keys)[side[own] - MESH]
        chart[own] = charts.meshes.find_triangles(number, voxel[own, 2])
        i[own], j[own] = voxel[own, 0], voxel[own, 1]
    return chart, i, j


def match_keys(before: tuple[MeshKey, ...], after: tuple[MeshKey, ...]) -> np.ndarray:
    """Return int [before]: the place of each key among others, −1 where it is gone. Of meshes with equal shapes, those that stand where
    they stood match first, then the others in their order."""
    found, free = np.full(len(before), -1), dict(enumerate(after))
    for same in (lambda a, b: a == b, lambda a, b: a.shape == b.shape):
        for number in np.flatnonzero(found < 0):
            place = next((place for place, key in free.items() if same(before[number], key)), None)
            if place is not None:
                found[number] = place
                del free[place]
    return found


class AtlasRemap:
    """Moves the paint of `old` to `new`, an empty volume of other charts. GL thread; neither may be painted meanwhile.

    Call `run_slice` until it returns True. Until then `old` is unchanged and can be drawn; afterwards it can only be released.
    ValueError if the volumes have different channels.
    """

    def __init__(self, old: LatentVolume, new: LatentVolume, moves: list[PageMove]) -> None:
        if old.channels != new.channels:
            raise ValueError(f"latents of {old.channels} channels don't fit a volume of {new.channels}")
        self.old, self.new = old, new
        self._program = get_program(old.ctx, "edits/remap_place", "edits/remap_copy")
        painted = [m for m in moves if m.source in old.atlas]
        self._whole = [m.source for m in painted if m.whole]
        self._slices = self._copy_slices([m for m in painted if not m.whole])

    def run_slice(self) -> bool:
        """Run one slice; return True when all is done."""
        if next(self._slices, None) is not None:
            return False
        for number in self._whole:
            self.new.atlas.attach_page(number, self.old.atlas.detach_page(number))
        self.new.seed, self.new.revision = self.old.seed, self.old.revision + 1
        return True

    def _copy_slices(self, moves: list[PageMove]) -> Iterator[int]:
        for move in moves:
            if move.target not in self.new.atlas:
                self.new.atlas.allocate(move.target)  # the driver clears megabytes: a slice of its own
                yield move.target
            for part in _split_by_area(move.rectangles):
                self._copy(move, part)
                yield move.target
        for number in {m.target for m in moves}:
            self.new.atlas.refresh_overview(number)
            yield number

    def _copy(self, move: PageMove, rectangles: np.ndarray) -> None:
        ctx, source, target = self.old.ctx, self.old.atlas[move.source], self.new.atlas[move.target]
        ctx.disable(moderngl.BLEND | moderngl.CULL_FACE | moderngl.DEPTH_TEST)
        buffer = ctx.buffer(_triangles(rectangles))
        array = ctx.vertex_array(self._program, [(buffer, "2f 2f", "in_place", "in_source")])
        for texture, frame in zip(source.latents, target.latent_frames, strict=True):
            self._draw(array, frame, texture, source.state, 1)
        self._draw(array, target.colour_frame, source.colour, source.state, CELL)
        target.frozen_tiles |= source.frozen_tiles.any()  # any tile may receive them
        target.overview_outdated = True
        target.mark_changed()
        array.release()
        buffer.release()

    def _draw(
        self,
        array: moderngl.VertexArray,
        frame: moderngl.Framebuffer,
        a: moderngl.Texture,
        b: moderngl.Texture,
        scale: int,
    ) -> None:
        frame.use()
        a.use(0)
        b.use(1)
        set_uniforms(self._program, first=0, second=1, page_size=float(PAGE), scale=scale)
        array.render(moderngl.TRIANGLES)


def _plan_page(old: Charts, new: Charts, materials: np.ndarray, page: int) -> list[PageMove]:
    there = map_texels(old, new, materials, page).astype(np.int64)
    alive = there[..., 0] >= 0
    y, x = np.mgrid[:PAGE, :PAGE]
    dx, dy = x - there[..., 2], y - there[..., 1]  # offset from the new place to the old one
    code = np.where(alive, (there[..., 0] * 2 * PAGE + dy + PAGE) * 2 * PAGE + dx + PAGE, -1)
    labels, index = np.unique(code, return_inverse=True)
    index = index.reshape(code.shape) + (labels[0] >= 0)  # label 0 means gone
    found = merge_rectangles(index[None])
    corner = there[found["row"], found["column"]]
    shift = np.stack([found["column"] - corner[:, 2], found["row"] - corner[:, 1]], axis=1)
    table = np.concatenate([corner[:, [2, 1]], shift, found["columns"][:, None], found["rows"][:, None]], axis=1)
    stays = len(found) > 0 and not shift.any() and bool((alive == (old.owner_map(page) >= 0)).all())
    return [
        PageMove(page, int(target), table[corner[:, 0] == target].astype(np.int32), whole=stays and target == page)
        for target in np.unique(corner[:, 0])
    ]


def _atlas_places(charts: Charts, chart: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    return np.stack([charts.page[chart], charts.y[chart] + j, charts.x[chart] + i], axis=-1)


def _split_by_area(rectangles: np.ndarray) -> list[np.ndarray]:
    """Split the rectangles into runs of about TEXELS_PER_SLICE texels."""
    area = np.cumsum(rectangles[:, 4] * rectangles[:, 5])
    cuts = np.flatnonzero(np.diff(area // TEXELS_PER_SLICE)) + 1
    return np.split(rectangles, cuts)


def _triangles(rectangles: np.ndarray) -> bytes:
    """Return float32 [n,6,4] as bytes: (x, y) in the target and the offset to the source, two triangles per rectangle."""
    x, y, dx, dy, w, h = rectangles.astype(np.float32).T
    corners = np.stack([np.stack([x + a * w, y + b * h, dx, dy], axis=1) for b in (0, 1) for a in (0, 1)], axis=1)
    return np.ascontiguousarray(corners[:, [0, 1, 2, 2, 1, 3]]).tobytes()
