"""Overlapping windows: predict a canvas larger than the model's native size window by window (MultiDiffusion's panorama)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Box:
    """A rectangle of latent pixels."""

    top: int
    left: int
    height: int
    width: int

    @staticmethod
    def whole(size: tuple[int, int]) -> Box:
        return Box(0, 0, *size)

    def cut(self, image: Tensor) -> Tensor:
        """The box's part of [...,h,w], a view."""
        return image[..., self.top : self.top + self.height, self.left : self.left + self.width]

    def shift(self, down: int, right: int) -> Box:
        return Box(self.top + down, self.left + right, self.height, self.width)


def window_starts(length: int, window: int, overlap: float, multiple: int = 1) -> list[int]:
    """Where windows start along one axis: strides of window·(1 - overlap); the last window ends at the end of the axis."""
    if window >= length:
        return [0]
    stride = max(multiple, int(window * (1 - overlap)) // multiple * multiple)
    return [*range(0, length - window, stride), length - window]


def tile_windows(size: tuple[int, int], window: int, overlap: float, multiple: int = 1) -> tuple[Box, ...]:
    """Windows of side `window` (cut to the canvas, a multiple of `multiple`) that cover `size` (height, width), overlapping by at
    least `overlap` of their side."""
    window = max(multiple, window // multiple * multiple)
    height, width = min(window, size[0]), min(window, size[1])
    return tuple(
        Box(top, left, height, width)
        for top in window_starts(size[0], height, overlap, multiple)
        for left in window_starts(size[1], width, overlap, multiple)
    )


def feather_weights(box: Box, size: tuple[int, int]) -> Tensor:
    """Weights [h,w] in (0, 1]: falling towards edges where another window overlaps, constant towards the canvas' border."""

    def ramp(start: int, length: int, whole: int) -> Tensor:
        place = torch.arange(length, dtype=torch.float32) + 0.5
        from_low = place if start > 0 else torch.full_like(place, length)
        from_high = length - place if start + length < whole else torch.full_like(place, length)
        return (torch.minimum(from_low, from_high) / (length / 2)).clamp_max(1.0)

    return ramp(box.top, box.height, size[0])[:, None] * ramp(box.left, box.width, size[1])[None, :]
