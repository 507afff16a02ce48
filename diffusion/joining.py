"""Joining: a dreamed picture is fitted to the remembered one that it continues, so that no border and no change of colour shows.

Within each region, the difference between the two is measured where both are known. Its low frequencies are added to the dream:
where a finer painting replaces a coarser one, those that the coarser one could hold, so that refinement only adds detail; beside what
is kept, those of its surroundings, the wider and the fainter the further off. What is kept stands as it is remembered.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d, pad

from diffusion.canvas import Canvas

CELL = 8
LOWEST = 2.0  # pixels of a coarser painting's pixel: its Gaussian low frequencies are those of so wide a kernel
NEARBY = (16.0, 8.0, 4.0, 2.0)  # pixels: a new painting is matched to ever closer surroundings the nearer they are
INSIDE = 8  # pixels from the border of a region, where the picture is a mixture of both sides and says little of either
OVERLAP = 6.0  # pixels from a frontier within which the coarser painting fades into the finer one


def joined(picture: Tensor, canvas: Canvas, strength: float = 1.0) -> Tensor:
    """picture float32 [3,H,W] in -1..1, what was dreamed of the canvas, fitted to its colours, which stand where they are kept.

    strength: 0..1, 0 changes nothing.
    """
    if strength <= 0 or canvas.colours is None or not (canvas.colours[..., 3] == 255).any():
        return picture
    device = picture.device
    known = torch.from_numpy(canvas.colours[..., 3] == 255).to(device)
    remembered = torch.from_numpy(canvas.colours[..., :3].copy()).to(device).movedim(-1, 0).float() / 127.5 - 1
    whole = np.ones_like(canvas.change)
    ratio, trusted = (_full(whole if p is None else p, device) for p in (canvas.finer, canvas.trusted))
    kept = known & ~_taken(canvas, device)
    refined = known & ~kept & (ratio > 1)
    difference = (remembered - picture) * torch.where(refined, trusted, 1)
    offset, overlap = torch.zeros_like(picture), torch.zeros_like(ratio)
    for part in canvas.regions:
        region = _full(part.mask > 0.5, device) > 0.5
        if not bool((region & known).any()):
            continue
        measured = region & known & _inside(region)
        measured = measured if bool(measured.any()) else region & known
        offset = torch.where(region, _offset(difference, region & known, measured, region, ratio), offset)
        near = _share(region & kept, region, OVERLAP)[0]
        overlap = torch.where(region & refined, (2 * near).clamp(0, 1), overlap)
    fitted = torch.lerp(picture + strength * offset, remembered, strength * overlap)
    return torch.where(kept, torch.lerp(picture, remembered, strength), fitted)


def _offset(difference: Tensor, known: Tensor, measured: Tensor, region: Tensor, ratio: Tensor) -> Tensor:
    """[3,H,W]: the low frequencies of a region's difference that is known in places, wider ones the coarser what is known."""
    away = _mean(difference, measured, region, NEARBY[0])
    for sigma in NEARBY[1:]:
        near = (2 * _share(measured, region, sigma)).clamp(0, 1)
        away = away + (_mean(difference, measured, region, sigma) - near * away)
    octave = torch.log2(ratio).clamp_min(0)  # a level for each, and between two levels what lies between them
    levels = int(octave[known].max().ceil())
    bands = [_mean(difference, known, region, LOWEST * 2**k) for k in range(levels + 1)]
    within = bands[0]
    for k, (fine, coarse) in enumerate(itertools.pairwise(bands)):
        within = torch.where(octave >= k, torch.lerp(fine, coarse, (octave - k).clamp(0, 1)), within)
    return torch.where(known, within, away)


def _inside(region: Tensor) -> Tensor:
    """bool [H,W]: the part of a region that is INSIDE pixels away from its border."""
    return max_pool2d(1.0 - 1.0 * region[None, None], 2 * INSIDE + 1, 1, INSIDE)[0, 0] == 0


def _mean(values: Tensor, known: Tensor, region: Tensor, sigma: float) -> Tensor:
    """The Gaussian mean of the known values, fading to 0 where less than half of the region around is known."""
    mean = _low(values * known, sigma) / _low(1.0 * known[None], sigma).clamp_min(1e-4)
    return mean * (2 * _share(known, region, sigma)).clamp(0, 1)


def _share(part: Tensor, region: Tensor, sigma: float) -> Tensor:
    """[1,H,W]: how much of the region around belongs to a part of it, 0..1."""
    return _low(1.0 * part[None], sigma) / _low(1.0 * region[None], sigma).clamp_min(1e-4)


def _low(values: Tensor, sigma: float) -> Tensor:
    """[K,H,W] blurred by a Gaussian of so many pixels, edges repeated; wide ones at a lower resolution."""
    shrink = 1
    while (
        sigma / shrink > 4 and min(values.shape[-2:]) % (2 * shrink) == 0 and max(values.shape[-2:]) % (2 * shrink) == 0
    ):
        shrink *= 2
    small = avg_pool2d(values[None], shrink) if shrink > 1 else values[None]
    reach = max(1, round(2.5 * sigma / shrink))
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, device=values.device) * shrink / sigma) ** 2)
    kernel = (kernel / kernel.sum()).to(values)
    channels = small.shape[1]
    for shape, room in (((1, 1, -1, 1), (0, 0, reach, reach)), ((1, 1, 1, -1), (reach, reach, 0, 0))):
        small = torch.conv2d(
            pad(small, room, mode="replicate"), kernel.view(shape).expand(channels, -1, -1, -1), groups=channels
        )
    return small[0] if shrink == 1 else interpolate(small, values.shape[-2:], mode="bilinear", align_corners=False)[0]


def _taken(canvas: Canvas, device: torch.device) -> Tensor:
    """bool [8h,8w]: where the new look will be seen."""
    if canvas.taken is not None:
        return torch.from_numpy(np.ascontiguousarray(canvas.taken)).to(device)
    return _full(canvas.change > 0, device) > 0.5


def _full(plane: np.ndarray, device: torch.device) -> Tensor:
    """[8h,8w] from [h,w]."""
    return (
        torch.from_numpy(np.ascontiguousarray(plane, dtype=np.float32))
        .to(device)
        .repeat_interleave(CELL, 0)
        .repeat_interleave(CELL, 1)
    )
