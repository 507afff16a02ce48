"""Building blocks of the surface-aware networks: plain convolutions with normalisation per pixel."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PixelNorm(nn.Module):
    """Divides [B,C,h,w] by the root mean square over C at each pixel, then multiplies by a learned gain per channel.

    Unlike GroupNorm it doesn't mix pixels, so a pixel's values don't depend on the size of the canvas or its other regions.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        scale = torch.rsqrt(x.float().square().mean(1, keepdim=True) + 1e-4).to(x.dtype)
        return x * scale * self.gain.view(1, -1, 1, 1)


class Residual(nn.Module):
    """x + conv(silu(conv(silu(norm(x))))), 3×3 each. The second convolution starts at zero, so a new block is the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = PixelNorm(channels)
        self.first = conv3(channels, channels)
        self.second = zero_weights(conv3(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.silu(self.first(F.silu(self.norm(x)))))


def conv3(channels: int, out: int) -> nn.Conv2d:
    """A 3×3 convolution that keeps the size."""
    return nn.Conv2d(channels, out, 3, padding=1)


def zero_weights(layer: nn.Conv2d | nn.Linear) -> nn.Conv2d | nn.Linear:
    """The layer with weights and bias of zero."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
