"""One page of the atlas on the GPU: textures of latents, state and colour, and which of its tiles changed when."""

from __future__ import annotations

from itertools import count

import moderngl
import numpy as np

from base.grid import CELL
from engine.geometry.pack import PAGE
from engine.gl.targets import release_framebuffer

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
        size = (PAGE, PAGE)
        self.latents = [ctx.texture(size, 4, dtype="f4") for _ in range(-(-channels // 4))]
        self.state = ctx.texture(size, 4, dtype="f4")
        for texture in (*self.latents, self.state):
            texture.filter = moderngl.NEAREST, moderngl.NEAREST
        self.colour = ctx.texture((PAGE * CELL, PAGE * CELL), 4)
        self.overview = ctx.texture((PAGE * CELL // SHRINK, PAGE * CELL // SHRINK), 4)
        for texture in (self.colour, self.overview):
            texture.repeat_x = texture.repeat_y = False
        self.latent_frames = [ctx.framebuffer([texture, self.state]) for texture in self.latents]
        self.colour_frame, self.overview_frame = ctx.framebuffer([self.colour]), ctx.framebuffer([self.overview])
        for frame in (*self.latent_frames, self.colour_frame, self.overview_frame):
            frame.clear()
        self.overview_outdated = False  # whether colours changed since the overview was drawn
        self.tile_stamps = np.zeros(TILES, np.int64)  # stamp of each tile's last change, 0: never changed
        self.stamp = 0  # of the page's last change
        self.frozen_tiles = np.zeros(TILES, bool)  # tiles that may contain frozen texels; all others contain none

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
