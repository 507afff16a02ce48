"""Paint whose surface an edit took away, kept by the surface itself, so that it is there again when the surface is.

A page and a place in it mean nothing in other charts; a voxel, its side and its material do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from engine.atlas.page import HELD, TILE
from engine.atlas.tiles import ROW
from engine.atlas.visibility import Masks
from engine.atlas.volume import LatentVolume
from engine.edits.atlas_remap import survivors, voxels_of
from engine.edits.patch import Patch, change
from engine.geometry.charts import Charts
from scenes.edit import same_material
from scenes.scene import Scene

LIMIT = 128 * 2**20  # bytes


@dataclass(frozen=True, eq=False)
class Salvage:
    """Painted texels [n] by surface. scene: whose materials are meant; voxels: texels per block; voxel: int [n,3]; side: int8 [n];
    material: int [n]; patch: what was painted there (its place in a page is of no use any more)."""

    scene: Scene
    voxels: int
    voxel: np.ndarray
    side: np.ndarray
    material: np.ndarray
    patch: Patch

    @property
    def bytes(self) -> int:
        return self.patch.bytes + self.voxel.nbytes + self.side.nbytes + self.material.nbytes


class Shelf:
    """Where salvaged paint lies, up to `limit` bytes; the oldest is forgotten first. parts: the oldest first."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.parts: tuple[Salvage, ...] = ()

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)

    def put(self, parts: Iterable[Salvage]) -> None:
        """These, and nothing else."""
        parts = tuple(parts)
        total = np.cumsum([part.bytes for part in reversed(parts)])
        self.parts = parts[len(parts) - int((total <= self.limit).sum()) :]

    def take(self, scene: Scene, material: int | None = None) -> tuple[Salvage, ...]:
        """Take away what isn't frozen of a material of the scene; without one everything. Returns it."""
        if material is None:
            taken, self.parts = self.parts, ()
            return taken
        taken, left = [], []
        for part in self.parts:
            mine = same_material(part.scene, scene)[part.material] == material
            mine &= part.patch.state[:, HELD] <= 0
            taken += [part] if mine.all() else [_only(part, mine)] if mine.any() else []
            left += [] if mine.all() else [_only(part, ~mine)] if mine.any() else [part]
        self.parts = tuple(left)
        return tuple(taken)


def lost(old: Charts, new: Charts, materials: np.ndarray, pages: Iterable[int]) -> Masks:
    """The texels of old `pages` that have no place among the new charts. materials: as of engine.edits.atlas_remap.moves. Any thread."""
    found = {page: (survivors(old, new, materials, page)[..., 0] < 0) & (old.owner(page) >= 0) for page in pages}
    return {page: mask for page, mask in found.items() if mask.any()}


def salvage(volume: LatentVolume, scene: Scene, masks: Masks) -> Iterator[Salvage | None]:
    """Copy what is painted on the texels of masks, a tile (a millisecond) for each step; None where nothing is. GL thread."""
    owners: dict[int, np.ndarray] = {}
    for patch in change(volume, masks, "copy"):
        if patch is not None and patch.page not in owners:
            owners[patch.page] = volume.charts.owner(patch.page)
        yield None if patch is None else _by_surface(volume.charts, scene, patch, owners[patch.page])


def returning(kept: Salvage, scene: Scene, charts: Charts) -> tuple[list[Patch], Salvage | None]:
    """(patches of the texels that are among these charts of a scene, tile by tile, and what still isn't). Any thread."""
    if kept.voxels != charts.voxels:
        return [], kept
    chart, i, j = charts.lookup(kept.voxel, kept.side)
    back = (chart >= 0) & (charts.material[chart] == same_material(kept.scene, scene)[kept.material])
    if not back.any():
        return [], kept
    chart, i, j = chart[back], i[back], j[back]
    page, y, x = charts.page[chart], charts.y[chart] + j, charts.x[chart] + i
    tile = y // TILE * ROW + x // TILE
    here = np.flatnonzero(back)
    patches = []
    for number, part in np.unique(np.stack([page, tile]), axis=1).T:
        mine = (page == number) & (tile == part)
        places = int(number), int(part), y[mine] % TILE, x[mine] % TILE
        patches.append(Patch(*places, *_texels(kept.patch, here[mine])))
    return patches, None if back.all() else _only(kept, ~back)


def _by_surface(charts: Charts, scene: Scene, patch: Patch, owner: np.ndarray) -> Salvage:
    y, x = patch.tile // ROW * TILE + patch.row, patch.tile % ROW * TILE + patch.column
    chart = owner[y, x]
    voxel = voxels_of(charts, chart, x - charts.x[chart], y - charts.y[chart])
    return Salvage(scene, charts.voxels, voxel, charts.side[chart], charts.material[chart], patch)


def _only(kept: Salvage, mask: np.ndarray) -> Salvage:
    patch = kept.patch
    where = patch.row[mask], patch.column[mask]
    left = Patch(patch.page, patch.tile, *where, *_texels(patch, np.flatnonzero(mask)))
    return Salvage(kept.scene, kept.voxels, kept.voxel[mask], kept.side[mask], kept.material[mask], left)


def _texels(patch: Patch, which: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return patch.latents[:, which], patch.state[which], patch.colour[which]
