"""Joining: a dreamed picture is fitted to the remembered one that it continues, so that no border and no change of colour shows.

Within each region, the difference between the two is measured where both are known. Where a painting gives way to a better one, what
it could hold is added to the dream, so that walking up only adds detail: its colours, as far as they are the surface's own, and
always its structure, which is brought to the dream's contrast, for from afar it was paler. Beside what is kept, the low frequencies
of the difference are added, the wider and the fainter the further off, and at the frontier itself the difference to the pixel
(a membrane, as in Poisson editing, Pérez et al. 2003). What is kept stands as it is remembered.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d, pad

from base.grid import CELL, by_cell
from diffusion.canvas import Canvas
from diffusion.compositing.upsampling import repeat_cells

# Gaussian kernels in pixels of the coarser painting: what is wider than the first is its structure, and than the second its colours;
# what is finer is detail, and free
STRUCTURE, COLOURS = 1.2, 8.0
CONTRAST = 1.5  # so many times at most its structure's contrast rises, for what little there is may be an accident
OCTAVES = 6  # so many times coarser at most: its colours are then a mean of 512 pixels. Beyond, blurs would take gigabytes for nothing
LUMA = (0.299, 0.587, 0.114)
NEARBY = (16.0, 8.0, 4.0, 2.0)  # pixels: a new painting is matched to ever closer surroundings the nearer they are
ROUNDS = 8  # in which the offset beside a frontier settles between the difference there and what it is further off
INSIDE = 8  # pixels from the border of a region, where the picture is a mixture of both sides and says little of either
OVERLAP = 6.0  # pixels from a frontier within which the coarser painting fades into the finer one
BLOCK = 16  # pixels: parts of a canvas begin and end at multiples, so that blurs at a lower resolution are the same


def joined(picture: Tensor, canvas: Canvas, strength: float = 1.0) -> Tensor:
    """picture float32 [3,H,W] in -1..1, what was dreamed of the canvas, fitted to its colours, which stand where they are kept.

    strength: 0..1, 0 changes nothing.
    """
    if strength <= 0 or canvas.colours is None or not (canvas.colours[..., 3] == 255).any():
        return picture
    device = picture.device
    painted = torch.from_numpy(canvas.colours[..., 3] == 255).to(device)
    remembered = torch.from_numpy(canvas.colours[..., :3].copy()).to(device).movedim(-1, 0).float() / 127.5 - 1
    whole = np.ones_like(canvas.change)
    ratio, trusted, guides = (
        _full(whole if p is None else p, device) for p in (canvas.finer, canvas.trusted, canvas.known)
    )
    freed = _full(0 * whole if canvas.freed is None else canvas.freed, device) > 0
    kept = painted & ~_taken(canvas, device)
    known = kept | (painted & (guides > 0))
    refined = known & ~kept & (ratio > 1)
    yields = painted & ~kept & (known | freed)
    own = torch.where(refined, trusted, torch.where(known, 1.0, 0.0))
    difference = (remembered - picture) * own
    offset, structure, overlap = torch.zeros_like(picture), torch.zeros_like(picture), torch.zeros_like(ratio)
    label = torch.zeros_like(ratio)
    for number, (box, region) in enumerate(_regions(canvas, device), start=1):
        label[box] = torch.where(region, number, label[box])
        shown = region & (known | yields)[box]
        if not bool(shown.any()) or not bool((region & ~kept[box]).any()):
            continue
        found = _colours(difference[:, *box], region & known[box], region, ratio[box])
        offset[:, *box] = torch.where(region, found, offset[:, *box])
        if bool((region & yields[box]).any()):
            pictures = torch.cat([remembered[:, *box], picture[:, *box]])
            found = _structure(pictures, region & yields[box], shown, region, ratio[box])
            structure[:, *box] = torch.where(region, found, structure[:, *box])
        near = _means(difference[:1, *box], region & kept[box], region, OVERLAP)[1][0]
        overlap[box] = torch.where(region & refined[box], (2 * near).clamp(0, 1), overlap[box])
    structure = torch.where(known, structure, _grey(structure))
    offset = structure + _settled(offset, difference - structure, kept, label)
    fitted = torch.lerp(picture + strength * offset, remembered, strength * overlap)
    return torch.where(kept, torch.lerp(picture, remembered, strength), fitted)


def _colours(difference: Tensor, known: Tensor, region: Tensor, ratio: Tensor) -> Tensor:
    """[3,H,W]: the low frequencies of a region's difference that is known in places, wider ones the coarser what is known."""
    measured = known & _inside(region)
    measured = measured if bool(measured.any()) else known
    away = torch.zeros_like(difference)
    for sigma in NEARBY:
        mean, share = _means(difference, measured, region, sigma)
        away = torch.lerp(away, mean, (2 * share).clamp(0, 1))
    within = _by_octave(lambda scale: _faded(*_means(difference, known, region, COLOURS * scale)), region, ratio)
    return torch.where(known, within, away)


def _structure(pictures: Tensor, yields: Tensor, known: Tensor, region: Tensor, ratio: Tensor) -> Tensor:
    """[3,H,W]: what turns a picture's structure into that of the known one, which `yields` in places, at no less contrast there.

    pictures: [6,H,W], what is remembered and what was dreamed.
    """

    def band(scale: float) -> Tensor:
        fine, share = _means(pictures, known, region, STRUCTURE * scale)
        return (fine - _means(pictures, known, region, COLOURS * scale)[0]) * (2 * share - 1).clamp(0, 1)

    old, new = _by_octave(band, region, ratio).split(3)
    powers = [_grey(part)[0, yields].square().mean() for part in (new, old)]
    rise = (powers[0] / powers[1].clamp_min(1e-6)).sqrt().clamp(1, CONTRAST)
    return torch.where(known, old - new + (rise - 1) * _grey(old), 0)


def _by_octave(at: Callable[[float], Tensor], region: Tensor, ratio: Tensor) -> Tensor:
    """[K,H,W] of `at` a scale as large as the ratio, 1, 2, 4 … times and what lies between."""
    octave = torch.log2(ratio).clamp(0, OCTAVES)
    bands = [at(2.0**k) for k in range(int(octave[region].max().ceil()) + 1)]
    found = bands[0]
    for k, (fine, coarse) in enumerate(itertools.pairwise(bands)):
        found = torch.where(octave >= k, torch.lerp(fine, coarse, (octave - k).clamp(0, 1)), found)
    return found


def _grey(values: Tensor) -> Tensor:
    """[3,H,W]: the luminance of colours in each of their channels."""
    return torch.einsum("c,chw->hw", values.new_tensor(LUMA), values).expand_as(values)


def _settled(offset: Tensor, difference: Tensor, kept: Tensor, label: Tensor) -> Tensor:
    """The offset [3,H,W], which is the difference itself where paint is kept, and around it the mean of its neighbours of one label.

    So it reaches as far from a frontier as it is wide along it, and no further than a few pixels: from there on it is what it was.
    """
    shifts = [(0, 1), (0, -1), (1, 0), (-1, 0)]
    alike = [1.0 * (label == _beside(label, shift)) for shift in shifts]
    count = sum(alike, torch.full_like(label, 1e-9))
    for _ in range(ROUNDS):
        offset = torch.where(kept, difference, offset)
        around = sum((_beside(offset, shift) * same for shift, same in zip(shifts, alike, strict=True)), 0 * offset)
        offset = torch.where(count > 0.5, around / count, offset)
    return offset


def _beside(values: Tensor, shift: tuple[int, int]) -> Tensor:
    """[…,H,W] of the neighbours; beyond the canvas its outermost pixels go on."""
    rows, columns = (torch.arange(n, device=values.device) + s for n, s in zip(values.shape[-2:], shift, strict=True))
    return values[..., rows.clamp(0, values.shape[-2] - 1)[:, None], columns.clamp(0, values.shape[-1] - 1)]


def _inside(region: Tensor) -> Tensor:
    """bool [H,W]: the part of a region that is INSIDE pixels away from its border."""
    return max_pool2d(1.0 - 1.0 * region[None, None], 2 * INSIDE + 1, 1, INSIDE)[0, 0] == 0


def _means(values: Tensor, known: Tensor, region: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """[K,H,W], [1,H,W]: the Gaussian mean of the known values, and how much of the region around is known, 0..1."""
    *summed, weight, room = _low(torch.cat([values * known, torch.stack([known, region]).to(values)]), sigma)
    return torch.stack(summed) / weight.clamp_min(1e-4), (weight / room.clamp_min(1e-4))[None]


def _faded(mean: Tensor, share: Tensor) -> Tensor:
    """The mean, fading to 0 where less than half of the region around is known."""
    return mean * (2 * share).clamp(0, 1)


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


def _regions(canvas: Canvas, device: torch.device) -> Iterator[tuple[tuple[slice, slice], Tensor]]:
    """Of each region a box of the picture around it, and bool [H,W] of that box, where it is seen."""
    for number, part in enumerate(canvas.regions):
        if canvas.parts is None:
            box = _box(part.mask > 0.5)
            yield box, _full(part.mask > 0.5, device)[box] > 0.5
        else:
            seen = canvas.parts == number
            box = _box(by_cell(seen).any((1, 3)))
            yield box, torch.from_numpy(seen[box]).to(device)


def _box(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns in pixels around a mask bool [h,w] of latent pixels, with a BLOCK that is free of it where the canvas goes on."""
    cells = BLOCK // CELL
    found = []
    for axis, most in enumerate(mask.shape):
        at = np.flatnonzero(mask.any(1 - axis))
        low, high = (at[0] // cells - 1, at[-1] // cells + 2) if at.size else (0, 0)
        found.append(slice(max(low, 0) * BLOCK, min(high * BLOCK, most * CELL)))
    return found[0], found[1]


def _taken(canvas: Canvas, device: torch.device) -> Tensor:
    """bool [8h,8w]: where the new look will be seen."""
    if canvas.taken is not None:
        return torch.from_numpy(np.ascontiguousarray(canvas.taken)).to(device)
    return _full(canvas.change > 0, device) > 0.5


def _full(plane: np.ndarray, device: torch.device) -> Tensor:
    """[8h,8w] from [h,w]."""
    return repeat_cells(torch.from_numpy(np.ascontiguousarray(plane, dtype=np.float32)).to(device))
