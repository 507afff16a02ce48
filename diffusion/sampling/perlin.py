"""Perlin noise: smooth random masks (Perlin 2002, "Improving noise")."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def perlin(height: int, width: int, scale: float, seed: int) -> Tensor:
    """float32 [h,w] in 0..1: gradient noise with a lattice cell of `scale` pixels; about 0.5 on average."""
    rows, columns = math.ceil(height / scale) + 1, math.ceil(width / scale) + 1
    turn = torch.rand((rows, columns), generator=torch.Generator().manual_seed(seed)) * 2 * math.pi
    gradient = torch.stack([turn.sin(), turn.cos()])  # y, x
    y, x = (torch.arange(n, dtype=torch.float32) + 0.5 for n in (height, width))
    top, left = (y / scale).floor().long(), (x / scale).floor().long()
    down, right = (y / scale - top)[:, None], (x / scale - left)[None, :]

    def corner(i: int, j: int) -> Tensor:
        at = gradient[:, (top + i)[:, None], (left + j)[None, :]]
        return at[0] * (down - i) + at[1] * (right - j)

    def fade(t: Tensor) -> Tensor:
        return t * t * t * (t * (6 * t - 15) + 10)

    upper = torch.lerp(corner(0, 0), corner(0, 1), fade(right).expand(height, width))
    lower = torch.lerp(corner(1, 0), corner(1, 1), fade(right).expand(height, width))
    return (torch.lerp(upper, lower, fade(down).expand(height, width)) / math.sqrt(2) + 0.5).clamp(0, 1)
