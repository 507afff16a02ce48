"""Correct colours near borders, where networks mix both sides. A surface only a few latent pixels wide hardly keeps its own colour:
a distant hedge turns blue under the sky.

A region's colour and its variation are measured away from all other regions. Near a border, and wherever the region is narrow,
colours that deviate more are moved to the nearest colour within that variation. Only structures wider than a latent pixel change;
grain, joints and leaves stay.
"""

from __future__ import annotations

import numpy as np
import scipy  # scipy imports its parts at first use, which shortens the start-up
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from base.grid import CELL
from diffusion.canvas import Canvas
from diffusion.compositing.upsampling import interpolate_cells

REACH = 3  # latent pixels from a border within which colours may be mixed; further away they are trusted
ENOUGH = 12  # minimum number of trusted latent pixels of a region
STRAYING = 2.0  # multiple of the usual deviation: colours further away are moved to this distance
LEAST = 0.06  # lower bound of a region's usual deviation, of -1..1


def suppress_colour_bleed(picture: Tensor, canvas: Canvas) -> Tensor:
    """Give each surface its own colours; without `region_ids` nothing changes. picture: float32 [3,H,W] in -1..1."""
    surface = canvas.surface
    if surface.region_ids is None:
        return picture
    labels = canvas.region_labels
    sky = np.zeros(labels.shape, bool) if surface.depth is None else np.isinf(surface.depth)
    offset = torch.zeros_like(picture)
    ids = torch.from_numpy(surface.region_ids.astype(np.int64)).to(picture.device)
    for number in np.unique(labels[~sky]):
        own = labels == number
        away = np.asarray(scipy.ndimage.distance_transform_edt(np.pad(own, 1, mode="edge")))[1:-1, 1:-1]
        trusted = away > REACH
        if trusted.sum() < ENOUGH:
            continue
        pixels = ids == int(number)
        cells, share = _cell_means(picture, pixels)
        back = _pull_back(cells, cells[:, torch.from_numpy(trusted).to(picture.device)])
        back *= torch.from_numpy(np.clip((REACH + 1 - away) / 2, 0, 1).astype(np.float32)).to(picture)
        offset = torch.where(pixels, interpolate_cells(back * share) / interpolate_cells(share).clamp_min(1e-6), offset)
    return picture + offset


def _cell_means(picture: Tensor, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """[3,h,w], [1,h,w]: the mean of a region's pixels in each latent pixel, and the region's share of it."""
    share = avg_pool2d(1.0 * pixels[None, None], CELL)[0]
    return avg_pool2d((picture * pixels)[None], CELL)[0] / share.clamp_min(1e-6), share


def _pull_back(cells: Tensor, trusted: Tensor) -> Tensor:
    """[3,h,w]: what to add to colours [3,h,w] so that they lie within STRAYING deviations of the trusted ones [3,n]."""
    mean = trusted.mean(1, keepdim=True)
    spread = (trusted - mean) @ (trusted - mean).T / trusted.shape[1] + LEAST**2 * torch.eye(3).to(trusted)
    stray = cells - mean[..., None]
    far = (stray * torch.einsum("cd,dhw->chw", torch.linalg.inv(spread), stray)).sum(0).clamp_min(1e-9).sqrt()
    return stray * ((STRAYING / far).clamp_max(1) - 1)
