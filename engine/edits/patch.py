"""Painted texels changed by hand, tile by tile: held, let go, erased; and what they were, so that it can be put back."""

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
    """Texels of one tile as they were. row, column: int [n] in the tile; latents: float32 [layers,n,4]; state: float32 [n,4];
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
    """A whole page as it was, on the GPU (None: there was none): to erase everything costs no copy."""

    number: int
    page: Page | None
    bytes: int


@dataclass(frozen=True)
class Operation:
    """chosen: state [n,4] → bool [n], the texels that it is for; clears: they become unpainted; held: what HELD becomes."""

    selects: Callable[[np.ndarray], np.ndarray]
    erases: bool = False
    frozen: float | None = None

    @property
    def changes(self) -> bool:
        return self.erases or self.frozen is not None


# What is frozen stays until it is thawed: it isn't erased either.
OPERATIONS: Mapping[str, Operation] = {
    "freeze": Operation(lambda state: (state[:, STEPS] > 0) & (state[:, FROZEN] <= 0), frozen=1.0),
    "thaw": Operation(lambda state: state[:, FROZEN] > 0, frozen=0.0),
    "erase": Operation(lambda state: (state[:, STEPS] > 0) & (state[:, FROZEN] <= 0), erases=True),
    # These change nothing: for what will be painted over, and for what is painted and will go.
    "keep": Operation(lambda state: np.ones(len(state), bool)),
    "copy": Operation(lambda state: state[:, STEPS] > 0),
}


def apply_operation(volume: LatentVolume, masks: TexelMasks, name: str) -> Iterator[TilePatch | None]:
    """Do an operation of OPERATIONS to the texels of masks, a tile (a millisecond) for each step of the iterator.

    Yields what the texels were, None where a tile had none to change. GL thread.
    """
    operation, buffers = OPERATIONS[name], TileBuffers(volume.channels)
    volume.flush()
    for number, tile, mask in _split_masks(masks):
        yield _apply_to_tile(volume, buffers, number, tile, mask, operation)


def apply_patch(volume: LatentVolume, patch: TilePatch | PagePatch) -> TilePatch | PagePatch:
    """Make the texels what they were; returns what they have been until now. GL thread."""
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
    """Take everything painted off the surfaces."""
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
        chosen = operation.selects(nothing)
        return _unpainted_patch(buffers, number, tile, row[chosen], column[chosen]) if chosen.any() else None
    page = volume.atlas[number]
    wait_for_gl(volume.ctx)
    buffers.read(page, tile)
    chosen = operation.selects(buffers.state[row, column])
    if not chosen.any():
        return None
    row, column = row[chosen], column[chosen]
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
    """(page, tile, bool [TILE,TILE]) wherever there is something."""
    for number, mask in masks.items():
        for tile in range(TILES_PER_ROW * TILES_PER_ROW):
            y, x = tile // TILES_PER_ROW * TILE, tile % TILES_PER_ROW * TILE
            part = mask[y : y + TILE, x : x + TILE]
            if part.any():
                yield number, tile, part


def _colour_cells(buffers: TileBuffers) -> np.ndarray:
    """uint8 [TILE,CELL,TILE,CELL,4]: the colours by texel."""
    return buffers.colour.reshape(TILE, CELL, TILE, CELL, 4)


def _copy_texels(buffers: TileBuffers, number: int, tile: int, row: np.ndarray, column: np.ndarray) -> TilePatch:
    latents, state = buffers.latents[:, row, column], buffers.state[row, column]
    return TilePatch(number, tile, row, column, latents, state, _colour_cells(buffers)[row, :, column])


def _unpainted_patch(buffers: TileBuffers, number: int, tile: int, row: np.ndarray, column: np.ndarray) -> TilePatch:
    n, layers = len(row), len(buffers.latents)
    latents, state = np.zeros((layers, n, 4), np.float32), np.zeros((n, 4), np.float32)
    return TilePatch(number, tile, row, column, latents, state, np.zeros((n, CELL, CELL, 4), np.uint8))
