"""The sky around outlines: a network mixes what lies on both sides of an outline, and in the even sky the faintest stain shows.

How the sky looks is learnt from what of it lies away from every outline: its colour, and how far it strays from that
within as much of a distance. Beside an outline, what strays much further is no cloud but leaves, masonry or light of
what stands there, and would stay in the sky as its ghost. It gives way to the sky's colour: to what the sky around it leads to that
doesn't stray, so that what is cleared doesn't end in a contour.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from base.grid import CELL, by_cell, to_pixels
from diffusion.canvas import Canvas
from diffusion.compositing.upsampling import interpolate_cells, repeat_cells

REACH = 6  # latent pixels from an outline within which the sky may be stained; further off it is believed
ENOUGH = 16  # latent pixels of believed sky, below which nothing can be learnt of it
# usual deviations from the sky's colour: from the first on a pixel gives way, from the second on wholly
STRAYING = (1.5, 3.0)
CALM = 1.0  # usual deviation: what strays no further as a whole leads to the colour of what does
LEAST = 0.03  # of -1..1: an even sky has hardly any deviation, and need not be more even than this


def cleared(picture: Tensor, canvas: Canvas) -> Tensor:
    """picture float32 [3,8h,8w] in -1..1 of a canvas, without stains in its sky (depth inf) beside outlines."""
    if canvas.depth is None:
        return picture
    shown = _sky(canvas, np.isinf(canvas.depth))
    sky = by_cell(shown).all((1, 3))
    if not sky.any() or sky.all():
        return picture
    away = np.asarray(distance_transform_edt(np.pad(sky, 1, mode="edge")))[1:-1, 1:-1]
    if (away > REACH).sum() < ENOUGH:
        return picture
    believed, beyond, whole, pixels = (
        torch.from_numpy(part).to(picture.device) for part in (away > REACH, away > 2 * REACH, sky, shown)
    )
    cells = avg_pool2d(picture[None], CELL)[0]
    usual = _usual(picture, cells, believed, beyond)
    colour = interpolate_cells(_spread(cells, believed))
    calm = avg_pool2d((picture - colour)[None], CELL)[0].abs().mean(0) < CALM * usual
    colour = interpolate_cells(_spread(cells, believed | (whole & calm)))
    near = interpolate_cells(torch.from_numpy(away <= REACH).to(picture)[None])
    return torch.lerp(picture, colour, _gives_way(picture - colour, usual) * near * pixels)


def _sky(canvas: Canvas, sky: np.ndarray) -> np.ndarray:
    """bool [8h,8w]: the pixels of the sky. sky: bool [h,w], its latent pixels."""
    if canvas.parts is None:
        return to_pixels(sky)
    labels = np.argmax(np.stack([region.mask for region in canvas.regions]), 0)
    return np.isin(canvas.parts, labels[sky])


def _gives_way(stray: Tensor, usual: Tensor) -> Tensor:
    """[H,W] in 0..1, of the difference [3,H,W] from the sky's colour."""
    low, high = STRAYING
    return ((stray.abs().mean(0) / usual - low) / (high - low)).clamp(0, 1)


def _usual(picture: Tensor, cells: Tensor, believed: Tensor, beyond: Tensor) -> Tensor:
    """How far the believed sky strays from what lies `beyond` it, a reach further from all outlines: clouds, and its change of colour."""
    enough = int(beyond.sum()) >= ENOUGH
    tried = believed & ~beyond if enough else believed
    led_to = _spread(cells, beyond) if enough else cells[:, believed].mean(1).view(-1, 1, 1).expand_as(cells)
    stray = (picture - interpolate_cells(led_to)).abs().mean(0)
    pixels = repeat_cells(tried)
    return stray[pixels].square().mean().sqrt().clamp_min(LEAST)


def _spread(cells: Tensor, known: Tensor) -> Tensor:
    """[3,h,w]: the known cells' colours, elsewhere what their surroundings lead to, from ever wider ones where none are near."""
    share = 1.0 * known[None]
    if bool(known.all()) or min(known.shape) < 2:
        return cells * share + (1 - share) * (cells * share).sum((1, 2), keepdim=True) / share.sum().clamp_min(1)
    total, weight = _halved(cells * share), _halved(share)
    wider = _spread(total / weight.clamp_min(1e-6), weight[0] > 0)
    blurred = interpolate(wider[None], cells.shape[-2:], mode="bilinear", align_corners=False)[0]
    return torch.where(known, cells, blurred)


def _halved(plane: Tensor) -> Tensor:
    return avg_pool2d(plane[None], 2, ceil_mode=True, count_include_pad=False)[0]
