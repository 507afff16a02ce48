"""Extrudes a floor plan to solid blocks: each map colour is one column of materials, so a scene is a table look-up.

Rules of a column (heights in blocks, absolute): a material fills start_height..height; `material_over` fills on from
the top of it up to its own height, `material_under` from its own start (or the ground) up to its own height; a voxel that
is filled keeps its first material. The floor material then fills the columns whose lowest voxel is still empty, the
ceiling material the topmost layer, as thick as its height, wherever nothing is. Opacity 0 is not built. Without a floor,
empty ground stays open and the background shows there. The blocks of a scene's layers then take the place of what is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from base.errors import InputError
from scenes.scene import EMPTY, SKY, Material, Scene

MAX_CELLS = 1 << 27  # bytes of `solid`: a map of 1024×1024 may be 128 layers high, one of 256×256 2048


@dataclass(frozen=True)
class Blocks:
    """solid: uint8 [Y,Z,X], 0 empty, else material index + 1; y in voxels (1/voxels_per_block block), x, z in blocks."""

    solid: np.ndarray
    voxels_per_block: int

    @property
    def size(self) -> tuple[float, float, float]:
        """(x, y, z) extent in blocks."""
        y, z, x = self.solid.shape
        return float(x), y / self.voxels_per_block, float(z)

    def count_voxels(self, count: int) -> np.ndarray:
        """Return int64 [count]: number of voxels of each of `count` materials."""
        layers = (
            np.bincount(layer.ravel(), minlength=count + 1) for layer in self.solid
        )  # of one, for it takes 8 bytes a cell
        return np.sum(list(layers), axis=0)[1 : count + 1] * self.voxels_per_block**2

    def find_material(self, voxel: np.ndarray) -> np.ndarray:
        """Return int16 [...]: material index at voxel coordinates [...,3] (x, y, z in voxels); SKY where empty or outside."""
        x, y, z = np.moveaxis(np.asarray(voxel), -1, 0)
        x, z = x // self.voxels_per_block, z // self.voxels_per_block
        inside = np.ones(x.shape, bool)
        for c, n in zip((y, z, x), self.solid.shape, strict=True):
            inside &= (c >= 0) & (c < n)
        found = (
            self.solid[np.where(inside, y, 0), np.where(inside, z, 0), np.where(inside, x, 0)] if inside.any() else 0
        )
        return np.where(inside, found, 0).astype(np.int16) - 1

    def is_solid(self, points: np.ndarray) -> np.ndarray:
        """Return bool [...]: whether world points [...,3] lie in a solid voxel."""
        return self.find_material(np.floor(np.asarray(points) * self.voxels_per_block).astype(np.int64)) != SKY


def extrude_scene(scene: Scene) -> Blocks:
    """Build the scene's solid blocks, at least one layer high, without empty layers on top. InputError if larger than MAX_CELLS."""
    table, n = _build_columns(scene), scene.voxels_per_block
    present = np.bincount(scene.map.ravel(), minlength=len(table)) > 0
    filled = np.flatnonzero(table[present].any(axis=0))
    built = _build_layers(scene)
    height = max(int(filled[-1]) + 1 if len(filled) else 1, n * len(built))
    if height * scene.map.size > MAX_CELLS:
        problem = f"of {n} makes {height} layers; a map of this size may have {MAX_CELLS // scene.map.size}"
        raise InputError(scene.name, "voxels_per_block", f"{problem}: use fewer voxels per block or lower materials")
    columns = np.zeros((len(table), height), np.uint8)
    columns[:, : table.shape[1]] = table[:, :height]
    solid = np.take(np.ascontiguousarray(columns.T), scene.map, axis=1)
    for y, layer in enumerate(built):
        np.copyto(solid[n * y : n * (y + 1)], layer, where=layer != EMPTY)
    return Blocks(solid, n)


def _build_layers(scene: Scene) -> np.ndarray:
    """Return uint8 [Y,Z,X]: the scene's layers without empty ones on top and without what is not built."""
    if scene.layers is None:
        return np.zeros((0, *scene.map.shape), np.uint8)
    table = np.array([EMPTY, *(i * (m.opacity > 0) for i, m in enumerate(scene.materials, 1))], np.uint8)
    layers = table[scene.layers]
    used = np.flatnonzero(layers.any(axis=(1, 2)))
    return layers[: used[-1] + 1 if len(used) else 0]


def _build_columns(scene: Scene) -> np.ndarray:
    """Return uint8 [materials + 1, Y]: the column of each map value."""
    n = scene.voxels_per_block
    built = {m.name: (i + 1, m) for i, m in enumerate(scene.materials)}
    height = max([1, *(_to_voxels(m.height, n) for m in scene.materials)])
    table = np.zeros((len(scene.materials) + 1, height), np.uint8)

    def fill(column: np.ndarray, name: str, low: float, done: set[tuple[str, float]]) -> None:
        if (name, low) in done:  # all its voxels are filled already; also ends circular links
            return
        done.add((name, low))
        value, material = built[name]
        start, stop = _voxel_span(material, low, n)
        if material.opacity > 0:
            span = column[start:stop]
            span[span == 0] = value
        if material.material_over is not None:
            fill(column, material.material_over, material.height, done)
        if material.material_under is not None:
            fill(column, material.material_under, 0.0, done)

    for value, material in built.values():
        fill(table[value], material.name, 0.0, set())
    if scene.floor is not None:
        for column in table:
            if column[0] == 0:
                fill(column, scene.floor, 0.0, set())
    if scene.ceiling is not None:
        value, material = built[scene.ceiling]
        thick = max(1, _to_voxels(material.height - material.start_height, n))
        layer = table[:, max(0, height - thick) :]
        if material.opacity > 0:
            layer[layer == 0] = value
    return table


def _voxel_span(material: Material, low: float, n: int) -> tuple[int, int]:
    """Return the first and one past the last voxel of a material that starts at `low`; positive heights give at least one voxel."""
    start = material.start_height or low
    first = _to_voxels(start, n)
    return first, max(_to_voxels(material.height, n), first + 1 if material.height > start else first)


def _to_voxels(blocks: float, n: int) -> int:
    return int(np.floor(blocks * n + 0.5))
