"""Tiles: squares of a page, in which paint is read from GL, written to disk and read back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from base.grid import CELL
from engine.atlas.page import EDGE_CONTAMINATED, FROZEN, STEPS, TILE, TILES, Page, colour_box
from engine.geometry.pack import PAGE

TILES_PER_ROW = PAGE // TILE  # tiles along a page
MAX_STEPS, MAX_DENSITY = 1000.0, 1e6  # of stored paint


@dataclass(frozen=True)
class TileTexels:
    """Painted texels of one tile. index: int32 [n], position in the page (row · PAGE + column); latents: float32 [n,C];
    state: float32 [n,4]; colour: uint8 [n,CELL,CELL,3]."""

    index: np.ndarray
    latents: np.ndarray
    state: np.ndarray
    colour: np.ndarray

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        return {"index": self.index, "latents": self.latents, "state": self.state, "colour": self.colour}

    def fits(self, tile: int, channels: int) -> bool:
        """Whether shapes, types and positions are valid for this tile: files may contain anything."""
        n = len(self.index) if self.index.ndim == 1 else -1
        shapes = {"index": (n,), "latents": (n, channels), "state": (n, 4), "colour": (n, CELL, CELL, 3)}
        kinds = {"index": np.int32, "latents": np.float32, "state": np.float32, "colour": np.uint8}
        if any(a.shape != shapes[k] or a.dtype != kinds[k] for k, a in self.arrays.items()):
            return False
        row, column = np.divmod(self.index, PAGE)
        placed = (row // TILE * TILES_PER_ROW + column // TILE == tile).all() and len(np.unique(self.index)) == n
        return bool(placed and self._possible())

    def _possible(self) -> bool:
        """Whether the numbers are such as painting leaves: finite, and each channel of the state in its range."""
        if not (np.isfinite(self.latents).all() and np.isfinite(self.state).all()):
            return False
        steps, density, revision, frozen = self.state.T
        return bool(
            ((steps > 0) & (steps <= MAX_STEPS)).all()
            and ((density >= 0) & (density <= MAX_DENSITY)).all()
            and ((revision >= 0) & (revision == np.floor(revision))).all()
            and np.isin(frozen, (0, 1, EDGE_CONTAMINATED)).all()
        )


class TileBuffers:
    """A tile as stored in GL, read into reused arrays: latents float32 [C/4,TILE,TILE,4], state float32 [TILE,TILE,4],
    colour uint8 [8·TILE,8·TILE,4]."""

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.latents = np.zeros((-(-channels // 4), TILE, TILE, 4), np.float32)
        self.state = np.zeros((TILE, TILE, 4), np.float32)
        self.colour = np.zeros((TILE * CELL, TILE * CELL, 4), np.uint8)

    def read(self, page: Page, tile: int) -> None:
        """Read a tile from GL. Call `wait_for_gl` first, then this takes tens of microseconds. GL thread."""
        box = _tile_box(tile)
        for layer, frame in zip(self.latents, page.latent_frames, strict=True):
            frame.read_into(layer, box, 4, attachment=0, dtype="f4")
        page.latent_frames[0].read_into(self.state, box, 4, attachment=1, dtype="f4")
        page.colour_frame.read_into(self.colour, colour_box(box), 4)

    def write(self, page: Page, tile: int) -> None:
        """The inverse of `read`."""
        box = _tile_box(tile)
        for layer, texture in zip(self.latents, page.latents, strict=True):
            texture.write(layer, viewport=box)
        page.state.write(self.state, viewport=box)
        page.colour.write(self.colour, viewport=colour_box(box))
        page.frozen_tiles[tile] = (self.state[..., FROZEN] > 0).any()
        page.overview_outdated = True
        page.mark_changed(tile)

    def extract_painted(self, tile: int) -> TileTexels:
        """Return the painted texels. Any thread."""
        row, column = np.nonzero(self.state[..., STEPS])
        y, x = _tile_corner(tile)
        latents = self.latents[:, row, column].transpose(1, 0, 2)
        cells = self.colour.reshape(TILE, CELL, TILE, CELL, 4)
        return TileTexels(
            index=((row + y) * PAGE + column + x).astype(np.int32),
            latents=np.ascontiguousarray(latents.reshape(len(row), 4 * len(self.latents))[:, : self.channels]),
            state=self.state[row, column],
            colour=np.ascontiguousarray(cells[row, :, column, :, :3]),
        )

    def fill_from(self, tile: int, texels: TileTexels) -> None:
        """The inverse of `extract_painted`. Any thread."""
        y, x = _tile_corner(tile)
        row, column = np.divmod(texels.index, PAGE)
        row, column = row - y, column - x
        for array in (self.latents, self.state, self.colour):
            array[:] = 0
        for k, layer in enumerate(self.latents):
            part = texels.latents[:, 4 * k : 4 * k + 4]
            layer[row, column, : part.shape[1]] = part
        self.state[row, column] = texels.state
        cells = self.colour.reshape(TILE, CELL, TILE, CELL, 4)
        cells[row, :, column, :, :3] = texels.colour
        cells[row, :, column, :, 3] = 255


def split_into_tiles(texels: TileTexels) -> Iterator[tuple[int, TileTexels]]:
    """Split the texels of a whole page by tile."""
    row, column = np.divmod(texels.index, PAGE)
    owner = row // TILE * TILES_PER_ROW + column // TILE
    for tile in range(TILES):
        mine = owner == tile
        if mine.any():
            yield tile, TileTexels(**{name: array[mine] for name, array in texels.arrays.items()})


def _tile_corner(tile: int) -> tuple[int, int]:
    return tile // TILES_PER_ROW * TILE, tile % TILES_PER_ROW * TILE


def _tile_box(tile: int) -> tuple[int, int, int, int]:
    y, x = _tile_corner(tile)
    return x, y, TILE, TILE
