"""Painted texels changed by hand, tile by tile: held, let go, erased; and what they were, so that it can be put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from base.grid import CELL
from engine.atlas.page import HELD, STEPS, TILE, Page
from engine.atlas.tiles import ROW, Buffers
from engine.atlas.visibility import Masks
from engine.atlas.volume import LatentVolume
from engine.gl.context import finish


@dataclass(frozen=True)
class Patch:
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
class Sheet:
    """A whole page as it was, on the GPU (None: there was none): to erase everything costs no copy."""

    number: int
    page: Page | None
    bytes: int


@dataclass(frozen=True)
class Operation:
    """chosen: state [n,4] → bool [n], the texels that it is for; clears: they become unpainted; held: what HELD becomes."""

    chosen: Callable[[np.ndarray], np.ndarray]
    clears: bool = False
    held: float | None = None

    @property
    def changes(self) -> bool:
        return self.clears or self.held is not None


# What is frozen stays until it is thawed: it isn't erased either.
OPERATIONS: Mapping[str, Operation] = {
    "freeze": Operation(lambda state: (state[:, STEPS] > 0) & (state[:, HELD] <= 0), held=1.0),
    "thaw": Operation(lambda state: state[:, HELD] > 0, held=0.0),
    "erase": Operation(lambda state: (state[:, STEPS] > 0) & (state[:, HELD] <= 0), clears=True),
    # These change nothing: for what will be painted over, and for what is painted and will go.
    "keep": Operation(lambda state: np.ones(len(state), bool)),
    "copy": Operation(lambda state: state[:, STEPS] > 0),
}


def change(volume: LatentVolume, masks: Masks, name: str) -> Iterator[Patch | None]:
    """Do an operation of OPERATIONS to the texels of masks, a tile (a millisecond) for each step of the iterator.

    Yields what the texels were, None where a tile had none to change. GL thread.
    """
    operation, buffers = OPERATIONS[name], Buffers(volume.channels)
    volume.settle()
    for number, tile, mask in _tiles(masks):
        yield _change(volume, buffers, number, tile, mask, operation)


def put(volume: LatentVolume, patch: Patch | Sheet) -> Patch | Sheet:
    """Make the texels what they were; returns what they have been until now. GL thread."""
    volume.settle()
    if isinstance(patch, Sheet):
        atlas = volume.atlas
        before = atlas.give(patch.number) if patch.number in atlas else None
        if patch.page is not None:
            atlas.take(patch.number, patch.page)
            patch.page.touch()
        return Sheet(patch.number, before, patch.bytes)
    buffers, page = Buffers(volume.channels), volume.atlas.allocate(patch.page)
    finish(volume.ctx)
    buffers.read(page, patch.tile)
    now = _copy(buffers, patch.page, patch.tile, patch.row, patch.column)
    buffers.latents[:, patch.row, patch.column] = patch.latents
    buffers.state[patch.row, patch.column] = patch.state
    _cells(buffers)[patch.row, :, patch.column] = patch.colour
    buffers.write(page, patch.tile)
    return now


def erase_all(volume: LatentVolume) -> list[Sheet]:
    """Take everything painted off the surfaces."""
    volume.settle()
    pages = list(volume.atlas)
    size = volume.atlas.bytes // max(1, len(pages))
    return [Sheet(number, volume.atlas.give(number), size) for number in pages]


def _change(
    volume: LatentVolume, buffers: Buffers, number: int, tile: int, mask: np.ndarray, operation: Operation
) -> Patch | None:
    row, column = np.nonzero(mask)
    if number not in volume.atlas:
        nothing = np.zeros((len(row), 4), np.float32)
        chosen = operation.chosen(nothing)
        return _nothing(buffers, number, tile, row[chosen], column[chosen]) if chosen.any() else None
    page = volume.atlas[number]
    finish(volume.ctx)
    buffers.read(page, tile)
    chosen = operation.chosen(buffers.state[row, column])
    if not chosen.any():
        return None
    row, column = row[chosen], column[chosen]
    before = _copy(buffers, number, tile, row, column)
    if operation.clears:
        buffers.latents[:, row, column] = 0
        buffers.state[row, column] = 0
        _cells(buffers)[row, :, column] = 0
    if operation.held is not None:
        buffers.state[row, column, HELD] = operation.held
    if operation.changes:
        buffers.write(page, tile)
    return before


def _tiles(masks: Masks) -> Iterator[tuple[int, int, np.ndarray]]:
    """(page, tile, bool [TILE,TILE]) wherever there is something."""
    for number, mask in masks.items():
        for tile in range(ROW * ROW):
            y, x = tile // ROW * TILE, tile % ROW * TILE
            part = mask[y : y + TILE, x : x + TILE]
            if part.any():
                yield number, tile, part


def _cells(buffers: Buffers) -> np.ndarray:
    """uint8 [TILE,CELL,TILE,CELL,4]: the colours by texel."""
    return buffers.colour.reshape(TILE, CELL, TILE, CELL, 4)


def _copy(buffers: Buffers, number: int, tile: int, row: np.ndarray, column: np.ndarray) -> Patch:
    latents, state = buffers.latents[:, row, column], buffers.state[row, column]
    return Patch(number, tile, row, column, latents, state, _cells(buffers)[row, :, column])


def _nothing(buffers: Buffers, number: int, tile: int, row: np.ndarray, column: np.ndarray) -> Patch:
    n, layers = len(row), len(buffers.latents)
    latents, state = np.zeros((layers, n, 4), np.float32), np.zeros((n, 4), np.float32)
    return Patch(number, tile, row, column, latents, state, np.zeros((n, CELL, CELL, 4), np.uint8))
