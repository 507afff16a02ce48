"""Changes to painted texels by hand, tile by tile (freeze, thaw, erase), and patches that undo them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from base.grid import CELL
from engine.atlas.page import FROZEN, STEPS, TILE, Page
from engine.atlas.tiles import TILES_PER_ROW, TileBuffers
from engine.atlas.visibility import TexelMasks
from engine.atlas.volume import LatentVolume
from engine.gl.context import wait_for_gl


@dataclass(frozen=True)
class TilePatch:
    """The previous content of texels of one tile. row, column: int [n] in the tile; latents: float32 [layers,n,4]; state: float32 [n,4];
    colour: uint8 [n,CELL,CELL,4]."""

    page: int
    tile: int
    row: np.ndarray
    column: np.ndarray
    latents: np.ndarray
    state: np.ndarray
    colour: np.ndarray

    @property
    def bytes(self) -> int:
        return sum(a.nbytes for a in (self.row, self.column, self.latents, self.state, self.colour))


@dataclass(frozen=True)
class PagePatch:
    """The previous content of a whole page, on the GPU (None: there was no page), so that erasing everything needs no copy."""

    number: int
    page: Page | None
    bytes: int


@dataclass(frozen=True)
class Operation:
    """selects: state [n,4] → bool [n], the texels to change; erases: they become unpainted; frozen: the new value of FROZEN."""

    selects: Callable[[np.ndarray], np.ndarray]
    erases: bool = False
    frozen: float | None = None

    @property
    def changes(self) -> bool:
        return self.erases or self.frozen is not None


# Frozen texels must be thawed before they can be erased.
OPERATIONS: Mapping[str, Operation] = {
    "freeze": Operation(lambda state: (state[:, STEPS] > 0) & (state[:, FROZEN] <= 0), frozen=1.0),
    "thaw": Operation(lambda state: state[:, FROZEN] > 0, frozen=0.0),
    "erase": Operation(lambda state: (state[:, STEPS] > 0) & (state[:, FROZEN] <= 0), erases=True),
    # These change nothing: "keep" copies texels before they are painted over, "copy" paint before its surface goes.
    "keep": Operation(lambda state: np.ones(len(state), bool)),
    "copy": Operation(lambda state: state[:, STEPS] > 0),
}


def apply_operation(volume: LatentVolume, masks: TexelMasks, name: str) -> Iterator[TilePatch | None]:
    """Apply an operation of OPERATIONS to the texels of masks, one tile (a millisecond) per step of the iterator.

    Yields the previous content of the changed texels, None for a tile without any. GL thread.
    """
    operation, buffers = OPERATIONS[name], TileBuffers(volume.channels)
    volume.flush()
    for number, tile, mask in _split_masks(masks):
        yield _apply_to_tile(volume, buffers, number, tile, mask, operation)


def apply_patch(volume: LatentVolume, patch: TilePatch | PagePatch) -> TilePatch | PagePatch:
    """Restore a patch; return a patch of the content that it replaced. GL thread."""
    volume.flush()
    if isinstance(patch, PagePatch):
        atlas = volume.atlas
        before = atlas.detach_page(patch.number) if patch.number in atlas else None
        if patch.page is not None:
            atlas.attach_page(patch.number, patch.page)
            patch.page.mark_changed()
        return PagePatch(patch.number, before, patch.bytes)
    buffers, page = TileBuffers(volume.channels), volume.atlas.allocate(patch.page)
    wait_for_gl(volume.ctx)
    buffers.read(page, patch.tile)
    now = _copy_texels(buffers, patch.page, patch.tile, patch.row, patch.column)
    buffers.latents[:, patch.row, patch.column] = patch.latents
    buffers.state[patch.row, patch.column] = patch.state
    _colour_cells(buffers)[patch.row, :, patch.column] = patch.colour
    buffers.write(page, patch.tile)
    return now


def erase_all(volume: LatentVolume) -> list[PagePatch]:
    """Erase all paint; return patches that restore it. GL thread."""
    volume.flush()
    pages = list(volume.atlas)
    size = volume.atlas.bytes // max(1, len(pages))
    return [PagePatch(number, volume.atlas.detach_page(number), size) for number in pages]


def _apply_to_tile(
    volume: LatentVolume, buffers: TileBuffers, number: int, tile: int, mask: np.ndarray, operation: Operation
) -> TilePatch | None:
    row, column = np.nonzero(mask)
    if number not in volume.atlas:
        nothing = np.zeros((len(row), 4), np.float32)
        selected = operation.selects(nothing)
        return _unpainted_patch(buffers, number, tile, row[selected], column[selected]) if selected.any() else None
    page = volume.atlas[number]
    wait_for_gl(volume.ctx)
    buffers.read(page, tile)
    selected = operation.selects(buffers.state[row, column])
    if not selected.any():
        return None
    row, column = row[selected], column[selected]
    before = _copy_texels(buffers, number, tile, row, column)
    if operation.erases:
        buffers.latents[:, row, column] = 0
        buffers.state[row, column] = 0
        _colour_cells(buffers)[row, :, column] = 0
    if operation.frozen is not None:
        buffers.state[row, column, FROZEN] = operation.frozen
    if operation.changes:
        buffers.write(page, tile)
    return before


def _split_masks(masks: TexelMasks) -> Iterator[tuple[int, int, np.ndarray]]:
    """Yield (page, tile, bool [TILE,TILE]) for tiles with any texel."""
    for number, mask in masks.items():
        for tile in range(TILES_PER_ROW * TILES_PER_ROW):
            y, x = tile // TILES_PER_ROW * TILE, tile % TILES_PER_ROW * TILE
            part = mask[y : y + TILE, x : x + TILE]
            if part.any():
                yield number, tile, part


def _colour_cells(buffers: TileBuffers) -> np.ndarray:
    """View the colours by texel: uint8 [TILE,CELL,TILE,CELL,4]."""
    return buffers.colour.reshape(TILE, CELL, TILE, CELL, 4)


def _copy_texels(buffers: TileBuffers, number: int, tile: int, row: np.ndarray, column: np.ndarray) -> TilePatch:
    latents, state = buffers.latents[:, row, column], buffers.state[row, column]
    return TilePatch(number, tile, row, column, latents, state, _colour_cells(buffers)[row, :, column])


def _unpainted_patch(buffers: TileBuffers, number: int, tile: int, row: np.ndarray, column: np.ndarray) -> TilePatch:
    n, layers = len(row), len(buffers.latents)
    latents, state = np.zeros((layers, n, 4), np.float32), np.zeros((n, 4), np.float32)
    return TilePatch(number, tile, row, column, latents, state, np.zeros((n, CELL, CELL, 4), np.uint8))
