"""Existing paint as latents that guide a dream. Latents are only valid for the view they were made in, so colours are encoded again."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from base.grid import by_cell, enlarge, to_pixels
from diffusion.canvas import Canvas, Guide
from diffusion.models.model import Model


def guide_latents(model: Model, canvas: Canvas, source: str) -> Tensor | None:
    """[1,C,h,w] that guide the dream; None without a guide.

    source: "latents", "colours", or "both": for each latent pixel, whichever decodes to closer colours.
    """
    guide = canvas.guide
    if guide is None:
        return None
    stored = None if guide.latents is None else torch.from_numpy(guide.latents)[None].float().to(model.device)
    if guide.colours is None or (source == "latents" and stored is not None):
        return stored
    colours = guiding_colours(guide)
    cells = find_known_cells(colours)
    if stored is not None and not cells.any():
        return stored
    encoded = model.encode(fill_unknown(colours))[None].to(model.device)
    if stored is None:
        return encoded
    if source == "both":
        cells = cells & ~latents_match(model, stored[0], encoded[0], colours)
    return torch.where(torch.from_numpy(cells).to(model.device), encoded, stored)


def guiding_colours(guide: Guide) -> np.ndarray:
    """uint8 [H,W,4]: the colours in latent pixels of `known_mask`, where they may guide a dream. ValueError without colours."""
    if guide.colours is None:
        raise ValueError("the guide has no colours")
    if guide.known_mask is None:
        return guide.colours
    return np.where(to_pixels(guide.known_mask)[..., None], guide.colours, 0).astype(np.uint8)


def latents_match(model: Model, stored: Tensor, encoded: Tensor, colours: np.ndarray) -> np.ndarray:
    """bool [h,w]: stored latents [C,h,w] decode to the known colours, uint8 [H,W,4], at least as well as encoded ones do.

    A latent describes 8×8 pixels in one orientation and scale. From where it was dreamed it is exact, while
    encoding the colours would lose detail; from elsewhere it decodes to something else. Decoding both needs no thresholds for angle or
    distance.
    """
    errors = [cell_errors(model.decode(latents), colours) for latents in (stored, encoded)]
    return errors[0] <= errors[1]


def cell_errors(picture: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """float32 [h,w]: mean squared difference of each cell's pixels, 0..255². picture: uint8 [H,W,3]; colours: uint8 [H,W,4]."""
    squares = (picture.astype(np.float32) - colours[..., :3]) ** 2
    return by_cell(squares).mean((1, 3, 4))


def fill_unknown(colours: np.ndarray) -> np.ndarray:
    """uint8 [H,W,3]: the picture with unknown pixels (alpha < 255) filled from known ones nearby, so that the encoder sees no edge.

    colours: uint8 [H,W,4]. Unknown pixels take the mean of the known ones in the smallest surrounding block that has any
    (push-pull). Where nothing is known, mid grey.
    """
    known = (colours[..., 3] == 255).astype(np.float32)
    if known.all():
        return colours[..., :3]
    if not known.any():
        return np.full((*colours.shape[:2], 3), 128, np.uint8)
    return np.clip(np.rint(_pull_push(colours[..., :3] * known[..., None], known)), 0, 255).astype(np.uint8)


def _pull_push(summed: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """[H,W,3]: colours from weighted sums; where the weight is 0, from the picture at half the size, recursively."""
    height, width = weight.shape
    own = summed / np.maximum(weight, 1e-9)[..., None]
    if (weight > 0).all():
        return own
    even = ((0, height % 2), (0, width % 2))
    s = np.pad(summed, (*even, (0, 0)))
    w = np.pad(weight, even)
    half_sum = s[0::2, 0::2] + s[1::2, 0::2] + s[0::2, 1::2] + s[1::2, 1::2]
    half_weight = w[0::2, 0::2] + w[1::2, 0::2] + w[0::2, 1::2] + w[1::2, 1::2]
    coarse = enlarge(_pull_push(half_sum, half_weight), 2)[:height, :width]
    return np.where((weight > 0)[..., None], own, coarse)


def find_known_cells(colours: np.ndarray) -> np.ndarray:
    """bool [h,w]: latent pixels whose 8×8 pixels are all known (alpha 255). colours: uint8 [H,W,4]."""
    return by_cell(colours[..., 3] == 255).all((1, 3))
