"""Statistics of a batch of latents, and the comparison of two batches, entry by entry."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class LatentStatistics:
    """Statistics of all values of one entry of a batch. skewness and kurtosis are 0 for normal values.

    waves: share of the variance at wavelengths above 4 latent pixels; white noise has pi/16 = 0.2
    """

    mean: float
    deviation: float
    least: float
    greatest: float
    skewness: float
    kurtosis: float
    waves: float


@dataclass(frozen=True)
class LatentComparison:
    """Two entries: the cosine of their angle, the root mean square of their difference, and the ratio of their deviations."""

    cosine: float
    difference: float
    ratio: float


def batch_statistics(batch: Tensor) -> tuple[LatentStatistics, ...]:
    """The statistics of each entry of [N,C,h,w]."""
    return tuple(_statistics(entry.double()) for entry in batch)


def compare_batches(one: Tensor, other: Tensor) -> tuple[LatentComparison, ...]:
    """Compare batches [N,C,h,w] of equal shape, entry by entry. Raises ValueError for different shapes."""
    if one.shape != other.shape:
        raise ValueError(f"{tuple(one.shape)} and {tuple(other.shape)}")
    return tuple(_comparison(a.double(), b.double()) for a, b in zip(one, other, strict=True))


def _statistics(entry: Tensor) -> LatentStatistics:
    mean, deviation = float(entry.mean()), float(entry.std(correction=0))
    unit = (entry - mean) / max(deviation, 1e-12)
    return LatentStatistics(
        mean=mean,
        deviation=deviation,
        least=float(entry.min()),
        greatest=float(entry.max()),
        skewness=float((unit**3).mean()),
        kurtosis=float((unit**4).mean()) - 3 if deviation > 1e-12 else 0.0,
        waves=_long_waves(entry),
    )


def _long_waves(entry: Tensor) -> float:
    """The share of the variance of [C,h,w], each channel about its mean, in waves longer than 4 pixels."""
    height, width = entry.shape[-2:]
    power = torch.fft.fft2(entry).abs() ** 2
    power[..., 0, 0] = 0
    frequency = torch.hypot(torch.fft.fftfreq(height)[:, None].double(), torch.fft.fftfreq(width)[None].double())
    return float(power[..., frequency < 0.25].sum() / power.sum().clamp_min(1e-24))


def _comparison(one: Tensor, other: Tensor) -> LatentComparison:
    lengths = torch.linalg.vector_norm(one) * torch.linalg.vector_norm(other)
    return LatentComparison(
        cosine=float((one * other).sum() / lengths.clamp_min(1e-24)),
        difference=float((one - other).pow(2).mean().sqrt()),
        ratio=float(other.std(correction=0) / one.std(correction=0).clamp_min(1e-12)),
    )
