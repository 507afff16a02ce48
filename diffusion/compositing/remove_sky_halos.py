"""Remove halos in the sky near outlines: networks mix both sides of an outline, and in a plain sky even faint stains show.

The sky's colour and usual deviation are measured away from outlines. Near an outline, a much larger deviation isn't a cloud but a
trace of the object there, which would stay in the sky as a ghost. It is replaced by a colour interpolated from the undisturbed sky
around it, so that the correction has no visible edge.
"""

from __future__ import annotations

import numpy as np
import scipy  # scipy imports its parts at first use, which shortens the start-up
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from base.grid import CELL, by_cell, to_pixels
from diffusion.canvas import Canvas
from diffusion.compositing.upsampling import interpolate_cells, repeat_cells

REACH = 6  # latent pixels from an outline within which the sky may be stained; further away it is trusted
ENOUGH = 16  # minimum number of trusted latent pixels
# multiples of the usual deviation: above the first a pixel is replaced in part, above the second completely
STRAYING = (1.5, 3.0)
CALM = 1.0  # multiple of the usual deviation: cells below it count as undisturbed
LEAST = 0.03  # lower bound of the usual deviation, of -1..1: a plain sky has hardly any


def remove_sky_halos(picture: Tensor, canvas: Canvas) -> Tensor:
    """Remove stains near outlines in the canvas' sky (depth inf). picture: float32 [3,H,W] in -1..1."""
    if canvas.surface.depth is None:
        return picture
    shown = _sky_pixels(canvas, np.isinf(canvas.surface.depth))
    sky = by_cell(shown).all((1, 3))
    if not sky.any() or sky.all():
        return picture
    away = np.asarray(scipy.ndimage.distance_transform_edt(np.pad(sky, 1, mode="edge")))[1:-1, 1:-1]
    if (away > REACH).sum() < ENOUGH:
        return picture
    trusted, beyond, whole, pixels = (
        torch.from_numpy(part).to(picture.device) for part in (away > REACH, away > 2 * REACH, sky, shown)
    )
    cells = avg_pool2d(picture[None], CELL)[0]
    usual = _usual_deviation(picture, cells, trusted, beyond)
    colour = interpolate_cells(_fill_outward(cells, trusted))
    calm = avg_pool2d((picture - colour)[None], CELL)[0].abs().mean(0) < CALM * usual
    colour = interpolate_cells(_fill_outward(cells, trusted | (whole & calm)))
    near = interpolate_cells(torch.from_numpy(away <= REACH).to(picture)[None])
    return torch.lerp(picture, colour, _replaced_share(picture - colour, usual) * near * pixels)


def _sky_pixels(canvas: Canvas, sky: np.ndarray) -> np.ndarray:
    """bool [H,W]: the pixels of the sky. sky: bool [h,w], its latent pixels."""
    ids = canvas.surface.region_ids
    return to_pixels(sky) if ids is None else np.isin(ids, canvas.region_labels[sky])


def _replaced_share(stray: Tensor, usual: Tensor) -> Tensor:
    """[H,W] in 0..1: the degree to which a pixel is replaced. stray: [3,H,W], the difference from the sky's colour."""
    low, high = STRAYING
    return ((stray.abs().mean(0) / usual - low) / (high - low)).clamp(0, 1)


def _usual_deviation(picture: Tensor, cells: Tensor, trusted: Tensor, beyond: Tensor) -> Tensor:
    """How far the trusted sky deviates from colours filled in from one REACH further out. This measures clouds and gradients.

    trusted: bool [h,w]; beyond: bool [h,w], the part of it that is two REACHes away from all outlines.
    """
    enough = int(beyond.sum()) >= ENOUGH
    tried = trusted & ~beyond if enough else trusted
    led_to = _fill_outward(cells, beyond) if enough else cells[:, trusted].mean(1).view(-1, 1, 1).expand_as(cells)
    stray = (picture - interpolate_cells(led_to)).abs().mean(0)
    pixels = repeat_cells(tried)
    return stray[pixels].square().mean().sqrt().clamp_min(LEAST)


def _fill_outward(cells: Tensor, known: Tensor) -> Tensor:
    """[3,h,w]: the colours of the known cells; elsewhere an average of known cells nearby, over a wider area if none is near."""
    share = 1.0 * known[None]
    if bool(known.all()) or min(known.shape) < 2:
        return cells * share + (1 - share) * (cells * share).sum((1, 2), keepdim=True) / share.sum().clamp_min(1)
    total, weight = _halve(cells * share), _halve(share)
    wider = _fill_outward(total / weight.clamp_min(1e-6), weight[0] > 0)
    blurred = interpolate(wider[None], cells.shape[-2:], mode="bilinear", align_corners=False)[0]
    return torch.where(known, cells, blurred)


def _halve(plane: Tensor) -> Tensor:
    return avg_pool2d(plane[None], 2, ceil_mode=True, count_include_pad=False)[0]
