"""One page of the atlas on the GPU: textures of latents, state and colour, and which of its tiles changed when."""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count

import moderngl
import numpy as np

from base.grid import CELL
from engine.geometry.pack import PAGE
from engine.gl.targets import read_by_texel, release_framebuffer

SHRINK = 4  # colour texels per overview texel, along each axis
# Channels of a page's state. FROZEN holds 1 where the user froze the texel, EDGE_CONTAMINATED where its paint mixes both sides of
# a depth edge (until a view shows the texel away from any edge), else 0.
STEPS, DENSITY, REVISION, FROZEN = range(4)
EDGE_CONTAMINATED = -1.0
TILE = 64  # texels along a side: pages are saved in tiles, numbered row by row, and only changed tiles are written
TILES = (PAGE // TILE) ** 2
_stamps = count(1)  # stamps are unique across all volumes


class Page:
    """latents: ceil(C/4) textures RGBA32F [PAGE,PAGE]; state: RGBA32F (steps, density, revision, frozen); colour: RGBA8
    [8·PAGE,8·PAGE]; overview: the colours at a quarter of the size and, as its second level, an eighth.
    """

    def __init__(self, ctx: moderngl.Context, channels: int) -> None:
        self.ctx = ctx
        with ExitStack() as made:  # a page that can't be made whole gives its parts back
            self._make(channels, made)
            made.pop_all()
        self.overview_outdated = False  # whether colours changed since the overview was drawn
        self.tile_stamps = np.zeros(TILES, np.int64)  # stamp of each tile's last change, 0: never changed
        self.stamp = 0  # of the page's last change
        self.frozen_tiles = np.zeros(TILES, bool)  # tiles that may contain frozen texels; all others contain none

    def _make(self, channels: int, made: ExitStack) -> None:
        """Allocate the textures and framebuffers; `made` holds how to release each."""

        def texture(side: int, dtype: str = "f1") -> moderngl.Texture:
            found = self.ctx.texture((side, side), 4, dtype=dtype)
            made.callback(found.release)
            return found

        def frame(*layers: moderngl.Texture) -> moderngl.Framebuffer:
            found = self.ctx.framebuffer(layers)
            made.callback(found.release)
            return found

        self.latents = [texture(PAGE, "f4") for _ in range(-(-channels // 4))]
        self.state = texture(PAGE, "f4")
        for layer in (*self.latents, self.state):
            read_by_texel(layer)
        self.colour, self.overview = texture(PAGE * CELL), texture(PAGE * CELL // SHRINK)
        for layer in (self.colour, self.overview):
            layer.repeat_x = layer.repeat_y = False
        self.latent_frames = [frame(layer, self.state) for layer in self.latents]
        self.colour_frame, self.overview_frame = frame(self.colour), frame(self.overview)
        for drawn in (*self.latent_frames, self.colour_frame, self.overview_frame):
            drawn.clear()

    def mark_changed(self, tiles: int | np.ndarray | slice = slice(None)) -> None:
        """Stamp these tiles (numbers or a mask; all by default) as changed, so that they are saved."""
        self.stamp = self.tile_stamps[tiles] = next(_stamps)

    def read(self) -> dict[str, np.ndarray]:
        """latents float32 [4·ceil(C/4),PAGE,PAGE], state float32 [PAGE,PAGE,4], colour uint8 [8·PAGE,8·PAGE,4]."""
        layers = [np.frombuffer(t.read(), dtype=np.float32).reshape(PAGE, PAGE, 4) for t in self.latents]
        return {
            "latents": np.ascontiguousarray(np.concatenate(layers, axis=2).transpose(2, 0, 1)),
            "state": self.read_state(),
            "colour": np.frombuffer(self.colour.read(), dtype=np.uint8).reshape(PAGE * CELL, PAGE * CELL, 4),
        }

    def read_state(self) -> np.ndarray:
        """float32 [PAGE,PAGE,4]"""
        return np.frombuffer(self.state.read(), dtype=np.float32).reshape(PAGE, PAGE, 4)

    def write(self, latents: np.ndarray, state: np.ndarray, colour: np.ndarray) -> None:
        """The inverse of `read`."""
        for k, texture in enumerate(self.latents):
            texture.write(np.ascontiguousarray(latents[4 * k : 4 * k + 4].transpose(1, 2, 0), dtype=np.float32))
        self.state.write(np.ascontiguousarray(state, dtype=np.float32))
        self.colour.write(np.ascontiguousarray(colour, dtype=np.uint8))
        self.frozen_tiles = tiles_with(state[..., FROZEN] > 0)
        self.overview_outdated = True
        self.mark_changed()

    def release(self) -> None:
        for frame in (*self.latent_frames, self.colour_frame, self.overview_frame):
            release_framebuffer(frame)


def tiles_with(texels: np.ndarray) -> np.ndarray:
    """Return bool [TILES]: the tiles that contain any of these texels, bool [PAGE,PAGE]."""
    n = PAGE // TILE
    return texels.reshape(n, TILE, n, TILE).any(axis=(1, 3)).ravel()


def colour_box(box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """Convert a box (x, y, width, height) of texels to colour texels."""
    x, y, width, height = box
    return x * CELL, y * CELL, width * CELL, height * CELL
