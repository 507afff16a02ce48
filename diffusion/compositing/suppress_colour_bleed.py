"""The colours of surfaces around borders: a network mixes what lies on both sides of a border, and what is a few latent pixels wide has
hardly any colour of its own: a far hedge turns blue under the sky.

How a region looks is learnt from what of it lies away from all others: its colour, and how that varies. Beside a border, and in
whatever is narrow, what strays further gives way to the nearest colour that the region has elsewhere. Only what is wider than a latent
pixel changes: grain, joints and leaves stay.
"""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor
from torch.nn.functional import avg_pool2d

from base.grid import CELL
from diffusion.canvas import Canvas
from diffusion.compositing.upsampling import interpolate_cells

REACH = 3  # latent pixels from a border within which colours may be mixed; further off they are believed
ENOUGH = 12  # believed latent pixels, below which nothing can be learnt of a region
STRAYING = 2.0  # usual deviations: what strays further is brought back to so many
LEAST = 0.06  # of -1..1: a region has at least so much variety


def owned(picture: Tensor, canvas: Canvas) -> Tensor:
    """picture float32 [3,8h,8w] in -1..1 of a canvas that knows its parts, each surface in its own colours beside its borders."""
    if canvas.parts is None:
        return picture
    labels = np.argmax(np.stack([region.mask for region in canvas.regions]), 0)
    sky = np.zeros(labels.shape, bool) if canvas.depth is None else np.isinf(canvas.depth)
    moved = torch.zeros_like(picture)
    parts = torch.from_numpy(canvas.parts.astype(np.int64)).to(picture.device)
    for number in np.unique(labels[~sky]):
        own = labels == number
        away = np.asarray(distance_transform_edt(np.pad(own, 1, mode="edge")))[1:-1, 1:-1]
        believed = away > REACH
        if believed.sum() < ENOUGH:
            continue
        pixels = parts == int(number)
        cells, share = _means(picture, pixels)
        believed_ = torch.from_numpy(believed).to(picture.device)
        back = _brought_back(cells, cells[:, believed_])
        back *= torch.from_numpy(np.clip((REACH + 1 - away) / 2, 0, 1).astype(np.float32)).to(picture)
        moved = torch.where(pixels, interpolate_cells(back * share) / interpolate_cells(share).clamp_min(1e-6), moved)
    return picture + moved


def _means(picture: Tensor, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """[3,h,w] and [1,h,w]: the mean of a region's pixels in each latent pixel, and how much of it they are."""
    share = avg_pool2d(1.0 * pixels[None, None], CELL)[0]
    return avg_pool2d((picture * pixels)[None], CELL)[0] / share.clamp_min(1e-6), share


def _brought_back(cells: Tensor, believed: Tensor) -> Tensor:
    """[3,h,w]: what brings colours [3,h,w] back to within STRAYING deviations of the believed ones [3,n]."""
    mean = believed.mean(1, keepdim=True)
    spread = (believed - mean) @ (believed - mean).T / believed.shape[1] + LEAST**2 * torch.eye(3).to(believed)
    stray = cells - mean[..., None]
    far = (stray * torch.einsum("cd,dhw->chw", torch.linalg.inv(spread), stray)).sum(0).clamp_min(1e-9).sqrt()
    return stray * ((STRAYING / far).clamp_max(1) - 1)
