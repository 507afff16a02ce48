"""Preview latents without the decoder: a linear map from latent channels to colour.

A model folder may contain a map (`preview` in rayverie.json); otherwise the map is fitted to the model's encoder.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from base.grid import CELL


def colour_fields(count: int = 24, side: int = 64, seed: int = 7) -> Tensor:
    """float32 [count,3,side,side] in -1..1: smooth random colour fields at several scales."""
    generator = torch.Generator().manual_seed(seed)
    pictures = []
    for i in range(count):
        coarse = torch.rand((1, 3, 2 + i % 7, 2 + i % 7), generator=generator)
        picture = F.interpolate(coarse, size=(side, side), mode="bilinear", align_corners=True)
        grain = torch.randn((1, 1, side, side), generator=generator) * 0.05
        pictures.append((picture + grain).clamp(0, 1) * 2 - 1)
    return torch.cat(pictures)


def fit_preview_map(encode: Callable[[Tensor], Tensor]) -> Tensor:
    """float32 [C+1,3]: the least-squares map from a latent pixel (and 1) to the mean colour, -1..1, of its 8×8 pixels.

    encode: [B,3,H,W] in -1..1 → [B,C,H/8,W/8].
    """
    pictures = colour_fields()
    return solve_preview_map(encode(pictures).float().cpu(), pictures)


def solve_preview_map(latents: Tensor, pictures: Tensor) -> Tensor:
    """float32 [C+1,3]: the least-squares map from latents [B,C,h,w] to the colours of pictures [B,3,8h,8w]."""
    colours = F.avg_pool2d(pictures, CELL).movedim(1, -1).reshape(-1, 3)
    known = latents.movedim(1, -1).reshape(-1, latents.shape[1])
    known = torch.cat([known, known.new_ones(len(known), 1)], 1).double()
    # A small ridge term keeps the weights of strongly correlated channels from growing with opposite signs
    ridge = 1e-4 * len(known) * torch.eye(known.shape[1], dtype=torch.float64)
    return torch.linalg.solve(known.T @ known + ridge, known.T @ colours.double()).float()


def apply_preview_map(linear: Tensor, latents: Tensor) -> Tensor:
    """uint8 [h,w,3] from latents [C,h,w], by a map from `fit_preview_map`."""
    colours = torch.einsum("cr,chw->rhw", linear[:-1].to(latents), latents) + linear[-1].to(latents)[:, None, None]
    return ((colours.movedim(0, -1) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
