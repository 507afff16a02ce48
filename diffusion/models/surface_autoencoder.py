"""The embedded model's autoencoder: 8×8 pixels per latent pixel, decoded locally and, if the surface is known, conditioned on it."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffusion.models.configured_module import ConfiguredModule
from diffusion.models.surface_blocks import PixelNorm, Residual, conv3, zero_weights

FOLD = 2
"""Side in pixels of the squares that the finest layers fold into channels: convolutions of few pixels and many channels are fast."""


class Encoded(NamedTuple):
    latents: Tensor


class Decoded(NamedTuple):
    sample: Tensor


class Encoder(nn.Module):
    """Pictures [B,3,8h,8w] → [B,C,h,w]."""

    def __init__(self, latent_channels: int, channels: tuple[int, ...], blocks: tuple[int, ...]) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.PixelUnshuffle(FOLD), conv3(3 * FOLD**2, channels[0])]
        for level, (width, count) in enumerate(zip(channels, blocks, strict=True)):
            if level:
                layers.append(nn.Conv2d(channels[level - 1], width, 3, stride=2, padding=1))
            layers += [Residual(width) for _ in range(count)]
        self.layers = nn.Sequential(*layers, PixelNorm(channels[-1]), nn.SiLU(), conv3(channels[-1], latent_channels))

    def forward(self, pictures: Tensor) -> Tensor:
        return self.layers(pictures)


class SurfaceHint(nn.Module):
    """Adds to the finest layer [B,C,4h,4w] features computed from the surface [B,S,8h,8w] and from that layer itself."""

    def __init__(self, surface_channels: int, channels: int) -> None:
        super().__init__()
        self.surface = nn.Sequential(nn.PixelUnshuffle(FOLD), conv3(surface_channels * FOLD**2, channels))
        self.latents = nn.Conv2d(channels, channels, 1)
        self.out = zero_weights(conv3(channels, channels))

    def forward(self, x: Tensor, surface: Tensor) -> Tensor:
        return x + self.out(F.silu(self.surface(surface) + self.latents(x)))


class Decoder(nn.Module):
    """[B,C,h,w] and, if known, the surface [B,S,8h,8w] → pictures [B,3,8h,8w]."""

    def __init__(
        self, latent_channels: int, channels: tuple[int, ...], blocks: tuple[int, ...], surface_channels: int
    ) -> None:
        super().__init__()
        widths, counts = channels[::-1], blocks[::-1]
        self.begin = conv3(latent_channels, widths[0])
        self.levels = nn.ModuleList(
            nn.Sequential(*(Residual(width) for _ in range(count))) for width, count in zip(widths, counts, strict=True)
        )
        self.up = nn.ModuleList(nn.Conv2d(a, 4 * b, 1) for a, b in itertools.pairwise(widths))
        self.end = nn.Sequential(PixelNorm(widths[-1]), nn.SiLU(), conv3(widths[-1], 3 * FOLD**2))
        for layer in (*self.up, self.end[-1]):
            _same_in_square(layer)  # type: ignore[arg-type]
        self.told = SurfaceHint(surface_channels, widths[-1]) if surface_channels else None

    def forward(self, latents: Tensor, surface: Tensor | None = None) -> Tensor:
        x = self.begin(latents)
        for index, level in enumerate(self.levels):
            if index:
                x = F.pixel_shuffle(self.up[index - 1](x), 2)
            if index == len(self.levels) - 1 and self.told is not None and surface is not None:
                x = self.told(x, surface)
            x = level(x)
        return F.pixel_shuffle(self.end(x), FOLD)


class SurfaceAutoencoder(ConfiguredModule):
    """`encode(pictures).latents` and `decode(latents, surface).sample`, as diffusers' autoencoders have them; pictures in -1..1.

    latent_channels: C; encoder_channels, decoder_channels: widths at a half, a quarter and an eighth of the picture's resolution;
    encoder_blocks, decoder_blocks: residual blocks at each; surface_channels: conditions of each pixel's surface, 0 for none.
    The buffers `mean` and `std`, set in training, normalise latents to zero mean and unit deviation per channel.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        latent_channels: int = 16,
        encoder_channels: tuple[int, ...] = (48, 96, 160),
        encoder_blocks: tuple[int, ...] = (1, 2, 3),
        decoder_channels: tuple[int, ...] = (64, 112, 192),
        decoder_blocks: tuple[int, ...] = (2, 2, 3),
        surface_channels: int = 0,
        scaling_factor: float = 1.0,
    ) -> None:
        super().__init__()
        self.encoder = Encoder(latent_channels, tuple(encoder_channels), tuple(encoder_blocks))
        self.decoder = Decoder(latent_channels, tuple(decoder_channels), tuple(decoder_blocks), surface_channels)
        self.register_buffer("mean", torch.zeros(latent_channels))
        self.register_buffer("std", torch.ones(latent_channels))

    def encode(self, x: Tensor) -> Encoded:
        """Latents [B,C,h,w] of pictures [B,3,8h,8w]."""
        return Encoded(latents=(self.encoder(x) - _each(self.mean)) / _each(self.std))

    def decode(self, latents: Tensor, surface: Tensor | None = None) -> Decoded:
        """Pictures [B,3,8h,8w] of latents [B,C,h,w]; surface: [B,S,8h,8w], or None if unknown."""
        return Decoded(sample=self.decoder(latents * _each(self.std) + _each(self.mean), surface))

    def forward(self, sample: Tensor, surface: Tensor | None = None) -> Tensor:
        """Encode pictures and decode them again."""
        return self.decode(self.encode(sample).latents, surface).sample


def _each(numbers: Tensor) -> Tensor:
    return numbers.view(1, -1, 1, 1)


def _same_in_square(layer: nn.Conv2d) -> None:
    """Give the four pixels of a `pixel_shuffle` equal initial weights, which avoids checkerboard patterns (1707.02937)."""
    with torch.no_grad():
        layer.weight.copy_(layer.weight[::4].repeat_interleave(4, 0))
        assert layer.bias is not None
        layer.bias.copy_(layer.bias[::4].repeat_interleave(4, 0))
