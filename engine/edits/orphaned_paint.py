"""Paint whose surface an edit removed, stored by surface so that it returns when the surface does.

A page and a position in it mean nothing for other charts; voxel, side and material do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from engine.atlas.page import FROZEN, TILE
from engine.atlas.tiles import TILES_PER_ROW
from engine.atlas.visibility import TexelMasks
from engine.atlas.volume import LatentVolume
from engine.edits.atlas_remap import find_keys, map_texels, texel_keys
from engine.edits.patch import TilePatch, apply_operation
from engine.geometry.charts import Charts
from engine.geometry.mesh_charts import MeshKey
from scenes.edit import match_materials
from scenes.scene import Scene

STASH_BYTES = 128 * 2**20  # bytes


@dataclass(frozen=True, eq=False)
class OrphanedPaint:
    """Painted texels [n] by surface. scene: the scene that `material` refers to; voxel: int [n,3] and side: int [n], keys of
    `texel_keys` for charts of these voxels and meshes; material: int [n]; patch: the paint (its position in a page is meaningless now).
    """

    scene: Scene
    voxels: int
    voxel: np.ndarray
    side: np.ndarray
    material: np.ndarray
    patch: TilePatch
    meshes: tuple[MeshKey, ...] = ()

    @property
    def bytes(self) -> int:
        return self.patch.bytes + self.voxel.nbytes + self.side.nbytes + self.material.nbytes


class PaintStash:
    """Stores orphaned paint up to `limit` bytes; the oldest items are dropped first. items: oldest first."""

    def __init__(self, limit: int = STASH_BYTES) -> None:
        self.limit = limit
        self.items: tuple[OrphanedPaint, ...] = ()

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.items)

    def replace_items(self, parts: Iterable[OrphanedPaint]) -> None:
        """Replace all items; the oldest are dropped if they exceed the limit."""
        parts = tuple(parts)
        total = np.cumsum([part.bytes for part in reversed(parts)])
        self.items = parts[len(parts) - int((total <= self.limit).sum()) :]

    def pop_items(self, scene: Scene, material: int | None = None) -> tuple[OrphanedPaint, ...]:
        """Remove and return the paint of a material of the scene that isn't frozen; without `material` all paint."""
        if material is None:
            taken, self.items = self.items, ()
            return taken
        taken, left = [], []
        for part in self.items:
            mine = match_materials(part.scene, scene)[part.material] == material
            mine &= part.patch.state[:, FROZEN] <= 0
            taken += [part] if mine.all() else [_select(part, mine)] if mine.any() else []
            left += [] if mine.all() else [_select(part, ~mine)] if mine.any() else [part]
        self.items = tuple(left)
        return tuple(taken)


def find_orphaned(old: Charts, new: Charts, materials: np.ndarray, pages: Iterable[int]) -> TexelMasks:
    """Find the texels of old `pages` that don't exist among the new charts. materials: as in atlas_remap.plan_remap. Any thread."""
    found = {page: (map_texels(old, new, materials, page)[..., 0] < 0) & (old.owner_map(page) >= 0) for page in pages}
    return {page: mask for page, mask in found.items() if mask.any()}


def collect_orphaned(volume: LatentVolume, scene: Scene, masks: TexelMasks) -> Iterator[OrphanedPaint | None]:
    """Copy the paint on the texels of masks, one tile (a millisecond) per step; yields None for tiles without paint. GL thread."""
    owners: dict[int, np.ndarray] = {}
    for patch in apply_operation(volume, masks, "copy"):
        if patch is not None and patch.page not in owners:
            owners[patch.page] = volume.charts.owner_map(patch.page)
        yield None if patch is None else _key_by_surface(volume.charts, scene, patch, owners[patch.page])


def match_surfaces(kept: OrphanedPaint, scene: Scene, charts: Charts) -> tuple[list[TilePatch], OrphanedPaint | None]:
    """Return (patches by tile for the texels that exist among these charts of a scene, the rest or None). Any thread."""
    chart, i, j = find_keys(charts, kept.voxels, kept.meshes, kept.voxel, kept.side)
    back = (chart >= 0) & (charts.material[chart] == match_materials(kept.scene, scene)[kept.material])
    if not back.any():
        return [], kept
    chart, i, j = chart[back], i[back], j[back]
    page, y, x = charts.page[chart], charts.y[chart] + j, charts.x[chart] + i
    tile = y // TILE * TILES_PER_ROW + x // TILE
    here = np.flatnonzero(back)
    patches = []
    for number, part in np.unique(np.stack([page, tile]), axis=1).T:
        mine = (page == number) & (tile == part)
        places = int(number), int(part), y[mine] % TILE, x[mine] % TILE
        patches.append(TilePatch(*places, *_select_texels(kept.patch, here[mine])))
    return patches, None if back.all() else _select(kept, ~back)


def _key_by_surface(charts: Charts, scene: Scene, patch: TilePatch, owner: np.ndarray) -> OrphanedPaint:
    y, x = patch.tile // TILES_PER_ROW * TILE + patch.row, patch.tile % TILES_PER_ROW * TILE + patch.column
    chart = owner[y, x]
    voxel, side = texel_keys(charts, chart, x - charts.x[chart], y - charts.y[chart])
    return OrphanedPaint(scene, charts.voxels, voxel, side, charts.material[chart], patch, charts.mesh_keys)


def _select(kept: OrphanedPaint, mask: np.ndarray) -> OrphanedPaint:
    patch = kept.patch
    where = patch.row[mask], patch.column[mask]
    left = TilePatch(patch.page, patch.tile, *where, *_select_texels(patch, np.flatnonzero(mask)))
    return replace(kept, voxel=kept.voxel[mask], side=kept.side[mask], material=kept.material[mask], patch=left)


def _select_texels(patch: TilePatch, which: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return patch.latents[:, which], patch.state[which], patch.colour[which]
