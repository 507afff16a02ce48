"""Enlarge a picture by an upscaler, in tiles, to an exact size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import torch
from PIL import Image

from diffusion.canvas import Cancelled
from diffusion.upscaling.weights import Upscaler

TILE = 256  # pixels a side: activations of a tile fit into memory whatever the picture's size
Size = tuple[int, int]


def enlarge(
    picture: np.ndarray,
    upscaler: Upscaler,
    size: Size | None = None,
    *,
    on_tile: Callable[[int, int], None] = lambda done, total: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> np.ndarray:
    """A picture uint8 [H,W,3 or 4] with (width, height) = `size`, by default `upscaler.scale` times its own.

    The network is applied until the picture is large enough; where a side is larger than wanted, Lanczos makes it smaller.
    Alpha is enlarged by Lanczos. The same input gives the same pixels. on_tile(done, total): tiles of the current pass.
    Raises Cancelled between two tiles.
    """
    height, width = picture.shape[:2]
    wanted = size or (width * upscaler.scale, height * upscaler.scale)
    colours = _within(picture[..., :3], wanted)
    while colours.shape[1::-1] != wanted:  # a side that is long enough doesn't grow with the other one
        colours = _within(_pass(colours, upscaler, on_tile, cancelled), wanted)
    if picture.shape[2] == 3:
        return colours
    return np.dstack((colours, _resize(picture[..., 3], wanted)))


@torch.inference_mode()
def _pass(
    picture: np.ndarray, upscaler: Upscaler, on_tile: Callable[[int, int], None], cancelled: Callable[[], bool]
) -> np.ndarray:
    """The picture, uint8 [H,W,3], enlarged once. Every tile sees `reach` pixels around it; beyond the picture its edge is repeated."""
    height, width = picture.shape[:2]
    reach, scale = upscaler.reach, upscaler.scale
    padded = np.pad(picture, ((reach, reach), (reach, reach), (0, 0)), mode="edge")
    out = np.empty((height * scale, width * scale, 3), np.uint8)
    tiles = list(_tiles(height, width))
    for number, (y, x, h, w) in enumerate(tiles, 1):
        if cancelled():
            raise Cancelled
        seen = torch.from_numpy(padded[y : y + h + 2 * reach, x : x + w + 2 * reach].copy()).to(upscaler.device)
        shown = upscaler.network((seen.float() / 255).permute(2, 0, 1)[None])[0].float()
        inner = shown[:, scale * reach : scale * (reach + h), scale * reach : scale * (reach + w)]
        pixels = (inner * 255).round().clamp(0, 255).byte().permute(1, 2, 0)
        out[scale * y : scale * (y + h), scale * x : scale * (x + w)] = pixels.cpu().numpy()
        on_tile(number, len(tiles))
    return out


def _tiles(height: int, width: int) -> Iterator[tuple[int, int, int, int]]:
    """(y, x, height, width) of tiles of at most TILE pixels a side, of about the same size."""
    rows, columns = (-(-side // TILE) for side in (height, width))
    ys, xs = (np.linspace(0, side, count + 1).astype(int) for side, count in ((height, rows), (width, columns)))
    for y, below in pairwise(ys):
        for x, right in pairwise(xs):
            yield int(y), int(x), int(below - y), int(right - x)


def _within(picture: np.ndarray, size: Size) -> np.ndarray:
    """The picture with no side longer than in `size`."""
    return _resize(picture, (min(picture.shape[1], size[0]), min(picture.shape[0], size[1])))


def _resize(picture: np.ndarray, size: Size) -> np.ndarray:
    if picture.shape[1::-1] == size:
        return picture
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
