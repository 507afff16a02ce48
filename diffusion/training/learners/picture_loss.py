"""Losses between a reconstructed picture and its original that preserve hue and detail."""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor


def _chroma(x: Tensor) -> Tensor:
    return torch.stack((x[:, 0] - x[:, 1], x[:, 2] - x[:, 1]), 1)


def _gradients(x: Tensor) -> tuple[Tensor, Tensor]:
    return x[..., 1:] - x[..., :-1], x[..., 1:, :] - x[..., :-1, :]


class LossWeights(Protocol):
    """The weights of `picture_loss`."""

    @property
    def low_resolution(self) -> float: ...
    @property
    def chroma(self) -> float: ...
    @property
    def edges(self) -> float: ...
    @property
    def texture(self) -> float: ...


def picture_loss(shown: Tensor, truth: Tensor, config: LossWeights) -> dict[str, Tensor]:
    """Return the parts of the loss, already weighted.

    pixels: L1 + MSE. low: colours averaged over 8 and 16 pixels. chroma: colour differences. edges: gradients.
    texture: strength of gradients in each 8-pixel window, so that fine grain is not averaged away.
    """
    parts = {"pixels": F.l1_loss(shown, truth) + F.mse_loss(shown, truth)}
    parts["low"] = config.low_resolution * sum(  # pyright: ignore[reportArgumentType]
        F.l1_loss(F.avg_pool2d(shown, s), F.avg_pool2d(truth, s)) for s in (8, 16)
    )
    parts["chroma"] = config.chroma * F.l1_loss(_chroma(F.avg_pool2d(shown, 2)), _chroma(F.avg_pool2d(truth, 2)))
    edges = texture = torch.zeros((), device=shown.device)
    for size in (1, 2):
        a, b = (F.avg_pool2d(x, size) if size > 1 else x for x in (shown, truth))
        for ga, gb in zip(_gradients(a), _gradients(b), strict=True):
            edges = edges + F.l1_loss(ga, gb)
            if size == 1:
                texture = texture + F.l1_loss(F.avg_pool2d(ga.abs(), 8), F.avg_pool2d(gb.abs(), 8))
    parts["edges"] = config.edges * edges
    parts["texture"] = config.texture * texture
    return parts
