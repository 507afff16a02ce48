"""Remembered colours as latents: an RGB image survives being seen from elsewhere, a latent does not, so colours are encoded anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from base.grid import by_cell, to_pixels
from diffusion.canvas import Canvas

if TYPE_CHECKING:
    from diffusion.models.model import Model


def recall(model: Model, canvas: Canvas, source: str) -> Tensor | None:
    """[1,C,h,w] to steer by: stored latents, encoded colours, or of both, cell by cell, what decodes nearer to the colours there."""
    stored = None if canvas.memory is None else torch.from_numpy(canvas.memory)[None].float().to(model.device)
    if canvas.colours is None or (source == "latents" and stored is not None):
        return stored
    colours = guiding(canvas)
    cells = known_cells(colours)
    if stored is not None and not cells.any():
        return stored
    encoded = model.encode(filled(colours))[None].to(model.device)
    if stored is None:
        return encoded
    if source == "both":
        cells = cells & ~aligned(model, stored[0], encoded[0], colours)
    return torch.where(torch.from_numpy(cells).to(model.device), encoded, stored)


def guiding(canvas: Canvas) -> np.ndarray:
    """uint8 [8h,8w,4]: a canvas's colours where they may guide a dream, which is in its known latent pixels."""
    assert canvas.colours is not None
    if canvas.known is None:
        return canvas.colours
    return np.where(to_pixels(canvas.known)[..., None], canvas.colours, 0).astype(np.uint8)


def aligned(model: Model, stored: Tensor, encoded: Tensor, colours: np.ndarray) -> np.ndarray:
    """bool [h,w]: stored latents [C,h,w] decode to the known colours uint8 [8h,8w,4] at least as well as encoded ones do.

    A latent tells of 8×8 pixels in one orientation and scale. Seen from where it was dreamed it is exact, where encoding anew loses;
    seen from elsewhere it decodes to something else. The decoder itself is asked which: no limits of angle and distance to be set.
    """
    errors = [cell_errors(model.decode(latents), colours) for latents in (stored, encoded)]
    return errors[0] <= errors[1]


def cell_errors(picture: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """float32 [h,w]: mean squared difference of each cell's pixels, 0..255². picture: uint8 [8h,8w,3]; colours: uint8 [8h,8w,4]."""
    squares = (picture.astype(np.float32) - colours[..., :3]) ** 2
    return by_cell(squares).mean((1, 3, 4))


def filled(colours: np.ndarray) -> np.ndarray:
    """uint8 [H,W,3]: the picture with unknown pixels (alpha < 255) filled from the nearest known ones, so that the encoder sees no edge.

    colours: uint8 [H,W,4]. Push-pull: unknown pixels take the mean of the known ones in the smallest block around that has any.
    Nothing known: mid grey.
    """
    known = (colours[..., 3] == 255).astype(np.float32)
    if known.all():
        return colours[..., :3]
    if not known.any():
        return np.full((*colours.shape[:2], 3), 128, np.uint8)
    return np.clip(np.rint(_pull(colours[..., :3] * known[..., None], known)), 0, 255).astype(np.uint8)


def _pull(summed: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Colours [H,W,3] from sums and weights; where the weight is 0, from the picture at half the size, recursively."""
    height, width = weight.shape
    own = summed / np.maximum(weight, 1e-9)[..., None]
    if (weight > 0).all():
        return own
    even = ((0, height % 2), (0, width % 2))
    s = np.pad(summed, (*even, (0, 0)))
    w = np.pad(weight, even)
    half_sum = s[0::2, 0::2] + s[1::2, 0::2] + s[0::2, 1::2] + s[1::2, 1::2]
    half_weight = w[0::2, 0::2] + w[1::2, 0::2] + w[0::2, 1::2] + w[1::2, 1::2]
    coarse = _pull(half_sum, half_weight).repeat(2, 0).repeat(2, 1)[:height, :width]
    return np.where((weight > 0)[..., None], own, coarse)


def known_cells(colours: np.ndarray) -> np.ndarray:
    """bool [h,w]: latent pixels whose 8×8 pixels are all known."""
    return by_cell(colours[..., 3] == 255).all((1, 3))
