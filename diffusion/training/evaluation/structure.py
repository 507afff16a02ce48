"""Measures of structure: the period of joints, and how much stronger a picture's edges are where surfaces meet."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def period(picture: Tensor, axis: int, least: int = 6, most: int = 60) -> tuple[float, float]:
    """Dominant period in pixels of a picture [3,H,W] along `axis` (0 down, 1 across), and its strength 0..1.

    The luminance's gradient along the axis is averaged across it and autocorrelated; the highest peak between `least` and
    `most` pixels counts (0, 0 where nothing recurs). Slightly slanted rows still add up because the picture is cut into four bands first.
    """
    grey = picture.float().mean(0)
    grey = grey if axis == 0 else grey.T
    slope = (grey[1:] - grey[:-1]).abs()
    bands = torch.stack([b.mean(1) for b in slope.chunk(4, 1)])
    bands = bands - bands.mean(1, keepdim=True)
    n = bands.shape[1]
    spectrum = torch.fft.rfft(bands, 2 * n).abs().square().sum(0)
    correlation = torch.fft.irfft(spectrum)[:n]
    correlation = correlation / correlation[0].clamp_min(1e-9) * n / (n - torch.arange(n)).clamp_min(1)
    most = min(most, n // 2)
    inner = correlation[least:most]
    peaks = (inner > correlation[least - 1 : most - 1]) & (inner >= correlation[least + 1 : most + 1])
    peaks &= inner > 0
    if not bool(peaks.any()):
        return 0.0, 0.0
    values = torch.where(peaks, inner, torch.full_like(inner, -1.0))
    best = float(values.max())
    # the fundamental, not a multiple of it: the first peak that is nearly as high
    first = int((values >= 0.8 * best).nonzero()[0]) + least
    return float(first), best


def edge_contrast(picture: Tensor, borders: Tensor) -> float:
    """Return the mean brightness step across surface borders divided by the mean elsewhere; 1 if the picture ignores borders.

    picture: [3,H,W]; borders: bool [2,H,W], where the next pixel to the right, and below, is of another surface. A pixel beside a border
    counts as on it.
    """
    grey = picture.float().mean(0)
    right, down = F.pad((grey[:, 1:] - grey[:, :-1]).abs(), (0, 1)), F.pad((grey[1:] - grey[:-1]).abs(), (0, 0, 0, 1))
    steps = torch.stack((right, down))
    near = F.max_pool2d(borders[None].float(), 3, 1, 1)[0] > 0
    if not bool(near.any()) or bool(near.all()):
        return 1.0
    return float(steps[near].mean() / steps[~near].mean().clamp_min(1e-6))
