"""Feature maps as pictures: the channels of a layer's output that vary most, and its strength at each pixel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

MAPS = 16  # most channels shown per layer
SPREAD = 2.5  # standard deviations from a channel's mean to black or white


class FeatureMaps(NamedTuple):
    """channels, maps: indices and pictures uint8 [K,h,w] of the channels that vary most, the most varied first; strength: uint8 [h,w],
    the norm over all channels, the largest white; energy: root mean square."""

    channels: tuple[int, ...]
    maps: np.ndarray
    strength: np.ndarray
    energy: float


def feature_maps(numbers: Tensor) -> FeatureMaps:
    """Pictures of a layer's output, float32 [C,h,w]."""
    deviations = numbers.std((1, 2), correction=0)
    chosen = deviations.argsort(descending=True, stable=True)[:MAPS]
    scale = (SPREAD * deviations[chosen]).clamp_min(1e-12)[:, None, None]
    scaled = (numbers[chosen] - numbers[chosen].mean((1, 2), keepdim=True)) / scale
    norm = numbers.norm(dim=0)
    return FeatureMaps(
        tuple(chosen.tolist()),
        grey(scaled / 2 + 0.5),
        grey(norm / norm.max().clamp_min(1e-12)),
        float(numbers.square().mean().sqrt()),
    )


def grey(values: Tensor) -> np.ndarray:
    """uint8 from values in 0..1; others are clipped."""
    return (values * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()
