"""What the surface-aware networks are built of: plain convolutions, normalised at each pixel by itself."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PixelNorm(nn.Module):
    """Divides [B,C,h,w] by the root mean square over C at each pixel, then multiplies by a learnt gain per channel.

    Unlike GroupNorm it mixes neither regions nor places, so that a canvas of any size and any neighbours gives the same numbers.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        scale = torch.rsqrt(x.float().square().mean(1, keepdim=True) + 1e-4).to(x.dtype)
        return x * scale * self.gain.view(1, -1, 1, 1)


class Residual(nn.Module):
    """x + conv(silu(conv(silu(norm(x))))), 3×3 each; the second convolution begins at zero, so a new block changes nothing."""

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
