"""Fit a dreamed picture to the paint that it continues, so that neither a border nor a change of colour shows.

Within each region (and patch of surfaces that are seen straight on), the difference between dream and existing paint is measured where
both are known.

- Where finer paint replaces paint, the low frequencies of the difference are added to the dream, so that walking up to a surface
  only adds detail. Seen from afar, structure has less contrast; it is raised to the dream's.
- Beside paint that is kept, the low frequencies of the difference are added, smoother and weaker the further away; at the
  frontier itself, the difference of each pixel (a membrane, as in Poisson editing, Pérez et al. 2003).
- Paint that is kept stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate, max_pool2d, pad

from base.grid import CELL, by_cell, to_pixels
from diffusion.canvas import Canvas, FacingGBuffer, Guide
from diffusion.compositing.upsampling import repeat_cells

# Gaussian kernels, in pixels of the coarser paint. Structure is wider than the first, colours are wider than the second. Everything
# finer is detail, which the dream may choose freely.
STRUCTURE, COLOURS = 1.2, 8.0
CONTRAST = 1.5  # maximum gain of the structure's contrast: faint structure may be noise
OCTAVES = (
    6  # maximum ratio, as octaves: the colours are then means over 512 pixels, and wider blurs would take gigabytes
)
LUMA = (0.299, 0.587, 0.114)
NEARBY = (
    16.0,
    8.0,
    4.0,
    2.0,
)  # pixels: the closer a pixel is to existing paint, the smaller the surroundings it is matched to
ROUNDS = 8  # iterations in which the offset beside a frontier relaxes
INSIDE = 8  # pixels from a region's border within which a picture mixes both sides
OVERLAP = 6.0  # pixels from a frontier over which coarser paint fades into finer paint
BLOCK = 16  # pixels: boxes are aligned to it, so that blurs at lower resolution are the same in every box


def blend_seams(picture: Tensor, canvas: Canvas, strength: float = 1.0) -> Tensor:
    """Fit the picture to the canvas' colours, and keep these where nothing may change.

    picture: float32 [3,H,W] in -1..1, dreamed of the canvas
    strength: 0..1; 0 changes nothing
    """
    guide = canvas.guide
    if strength <= 0 or guide is None or guide.colours is None or not (guide.colours[..., 3] == 255).any():
        return picture
    device = picture.device
    painted = torch.from_numpy(guide.colours[..., 3] == 255).to(device)
    paint = torch.from_numpy(guide.colours[..., :3].copy()).to(device).movedim(-1, 0).float() / 127.5 - 1
    ones = np.ones_like(canvas.change)
    ratio, weight, guiding = (
        _to_pixels(ones if plane is None else plane, device)
        for plane in (guide.upscale_ratio, guide.guide_weight, guide.known_mask)
    )
    contaminated = _to_pixels(0 * ones if guide.edge_contaminated is None else guide.edge_contaminated, device) > 0
    kept = painted & ~_find_updated(canvas, guide, device)
    known = kept | (painted & (guiding > 0))
    refined = known & ~kept & (ratio > 1)
    replaced = painted & ~kept & (known | contaminated)
    difference = (paint - picture) * torch.where(refined, weight, torch.where(known, 1.0, 0.0))
    offset, structure, overlap = torch.zeros_like(picture), torch.zeros_like(picture), torch.zeros_like(ratio)
    label = torch.zeros_like(ratio)
    for number, (box, region) in enumerate(_find_parts(canvas, device), start=1):
        label[box] = torch.where(region, number, label[box])
        shown = region & (known | replaced)[box]
        if not bool(shown.any()) or not bool((region & ~kept[box]).any()):
            continue
        found = _colour_offset(difference[:, *box], region & known[box], region, ratio[box])
        offset[:, *box] = torch.where(region, found, offset[:, *box])
        if bool((region & replaced[box]).any()):
            pictures = torch.cat([paint[:, *box], picture[:, *box]])
            found = _structure_offset(pictures, region & replaced[box], shown, region, ratio[box])
            structure[:, *box] = torch.where(region, found, structure[:, *box])
        near = _gaussian_means(difference[:1, *box], region & kept[box], region, OVERLAP)[1][0]
        overlap[box] = torch.where(region & refined[box], (2 * near).clamp(0, 1), overlap[box])
    structure = torch.where(known, structure, _luminance(structure))
    offset = structure + _relax_at_frontier(offset, difference - structure, kept, label)
    fitted = torch.lerp(picture + strength * offset, paint, strength * overlap)
    return torch.where(kept, torch.lerp(picture, paint, strength), fitted)


def _colour_offset(difference: Tensor, known: Tensor, region: Tensor, ratio: Tensor) -> Tensor:
    """[3,H,W]: the low frequencies of a region's difference, which is known only in places. For coarser paint they are lower."""
    measured = known & _away_from_border(region)
    measured = measured if bool(measured.any()) else known
    away = torch.zeros_like(difference)
    for sigma in NEARBY if bool((region & ~known).any()) else ():
        mean, share = _gaussian_means(difference, measured, region, sigma)
        away = torch.lerp(away, mean, (2 * share).clamp(0, 1))
    within = _by_octave(lambda scale: _fade(*_gaussian_means(difference, known, region, COLOURS * scale)), known, ratio)
    return torch.where(known, within, away)


def _structure_offset(pictures: Tensor, replaced: Tensor, known: Tensor, region: Tensor, ratio: Tensor) -> Tensor:
    """[3,H,W]: the offset from the dream's structure to the paint's that keeps contrast where paint is replaced.

    pictures: [6,H,W], the paint and the dream.
    """

    def band(scale: float) -> Tensor:
        fine, share = _gaussian_means(pictures, known, region, STRUCTURE * scale)
        return (fine - _gaussian_means(pictures, known, region, COLOURS * scale)[0]) * (2 * share - 1).clamp(0, 1)

    old, new = _by_octave(band, known, ratio).split(3)
    powers = [_luminance(part)[0, replaced].square().mean() for part in (new, old)]
    gain = (powers[0] / powers[1].clamp_min(1e-6)).sqrt().clamp(1, CONTRAST)
    return torch.where(known, old - new + (gain - 1) * _luminance(old), 0)


def _by_octave(at: Callable[[float], Tensor], needed: Tensor, ratio: Tensor) -> Tensor:
    """[K,H,W]: `at(scale)` with scale = ratio, interpolated between the scales 1, 2, 4, …; 0 where it isn't `needed`, bool [H,W]."""
    octave = torch.log2(ratio).clamp(0, OCTAVES)
    lower = octave.floor()
    band = cache(lambda k: at(2.0**k))
    found: Tensor | float = 0.0
    for k in lower[needed].unique().tolist():
        here = needed & (lower == k)
        whole = not bool((octave[here] > k).any())
        found = torch.where(here, band(k) if whole else torch.lerp(band(k), band(k + 1), octave - k), found)
    return torch.as_tensor(found)


def _luminance(values: Tensor) -> Tensor:
    """[3,H,W]: the luminance of colours, repeated in each channel."""
    return torch.einsum("c,chw->hw", values.new_tensor(LUMA), values).expand_as(values)


def _relax_at_frontier(offset: Tensor, difference: Tensor, kept: Tensor, label: Tensor) -> Tensor:
    """The offset [3,H,W], equal to the difference where paint is kept, relaxed towards the mean of neighbours with the same label.

    After ROUNDS iterations the difference reaches a few pixels beyond the frontier; further away the offset is unchanged.
    """
    alike = [1.0 * (label == other) for other in _neighbours(label)]
    count = sum(alike, torch.full_like(label, 1e-9))
    for _ in range(ROUNDS):
        offset = torch.where(kept, difference, offset)
        around = sum((one * same for one, same in zip(_neighbours(offset), alike, strict=True)), 0 * offset)
        offset = torch.where(count > 0.5, around / count, offset)
    return offset


def _neighbours(values: Tensor) -> list[Tensor]:
    """Views of [K,H,W] or [H,W] at the pixels to the right, to the left, below and above; edge pixels are repeated."""
    height, width = values.shape[-2:]
    padded = pad(values.view(-1, height, width), (1, 1, 1, 1), mode="replicate").view(
        *values.shape[:-2], height + 2, -1
    )
    return [
        padded[..., 1 + row : 1 + row + height, 1 + column : 1 + column + width]
        for row, column in ((0, 1), (0, -1), (1, 0), (-1, 0))
    ]


def _away_from_border(region: Tensor) -> Tensor:
    """bool [H,W]: the part of a region that is INSIDE pixels away from its border."""
    outside = 1.0 - 1.0 * region[None, None]
    for side, room in (((2 * INSIDE + 1, 1), (INSIDE, 0)), ((1, 2 * INSIDE + 1), (0, INSIDE))):
        outside = max_pool2d(outside, side, 1, room)
    return outside[0, 0] == 0


def _gaussian_means(values: Tensor, known: Tensor, region: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """[K,H,W], [1,H,W]: the Gaussian mean of the known values, and how much of the region around is known, 0..1."""
    *summed, weight, room = _blur(torch.cat([values * known, torch.stack([known, region]).to(values)]), sigma)
    return torch.stack(summed) / weight.clamp_min(1e-4), (weight / room.clamp_min(1e-4))[None]


def _fade(mean: Tensor, share: Tensor) -> Tensor:
    """The mean, fading to 0 where less than half of the region around is known."""
    return mean * (2 * share).clamp(0, 1)


def _blur(values: Tensor, sigma: float) -> Tensor:
    """[K,H,W] blurred by a Gaussian of `sigma` pixels, edges repeated; wide blurs run at a lower resolution."""
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


def _find_parts(canvas: Canvas, device: torch.device) -> Iterator[tuple[tuple[slice, slice], Tensor]]:
    """For each region, and for each patch of surfaces seen straight on, a box of the picture around it, and bool [H,W] of that box:
    where it is visible."""
    ids, gbuffer = canvas.surface.region_ids, canvas.surface.gbuffer
    patch = gbuffer.patch if isinstance(gbuffer, FacingGBuffer) else None
    for number, region in enumerate(canvas.regions):
        visible = to_pixels(region.mask > 0.5) if ids is None else ids == number
        for one in (None,) if patch is None else np.unique(patch[visible]):
            part = visible if one is None else visible & (patch == one)
            box = _box_around(by_cell(part).any((1, 3)))
            yield box, torch.from_numpy(part[box]).to(device)


def _box_around(mask: np.ndarray) -> tuple[slice, slice]:
    """Rows and columns, in pixels, around a mask bool [h,w] of latent pixels, with a margin of one BLOCK inside the canvas."""
    cells = BLOCK // CELL
    found = []
    for axis, most in enumerate(mask.shape):
        at = np.flatnonzero(mask.any(1 - axis))
        low, high = (at[0] // cells - 1, at[-1] // cells + 2) if at.size else (0, 0)
        found.append(slice(max(low, 0) * BLOCK, min(high * BLOCK, most * CELL)))
    return found[0], found[1]


def _find_updated(canvas: Canvas, guide: Guide, device: torch.device) -> Tensor:
    """bool [H,W]: pixels that will get new paint."""
    if guide.update_mask is not None:
        return torch.from_numpy(np.ascontiguousarray(guide.update_mask)).to(device)
    return _to_pixels(canvas.change > 0, device) > 0.5


def _to_pixels(plane: np.ndarray, device: torch.device) -> Tensor:
    """float32 [H,W] from [h,w]."""
    return repeat_cells(torch.from_numpy(np.ascontiguousarray(plane, dtype=np.float32)).to(device))
