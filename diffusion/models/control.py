"""ControlNets (arXiv 2302.05543): networks that take a hint picture and add to the outputs of the U-Net's blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from base.grid import CELL

HINT_CHANNELS = 3 * CELL**2
"""Channels of a hint at latent resolution: the colours of the 8×8 pixels that a latent pixel covers."""


@dataclass(frozen=True, eq=False)
class Control:
    """A ControlNet. net: diffusers' ControlNetModel; kind: key of `diffusion.models.control_hints.HINTS`; weight: its strength, 0..2."""

    net: Any
    kind: str
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Residuals:
    """What ControlNets add to a U-Net's skip connections and middle block; the keys are diffusers' argument names."""

    down_block_additional_residuals: tuple[Tensor, ...] | None = None
    mid_block_additional_residual: Tensor | None = None


def pack_hints(pictures: Sequence[np.ndarray]) -> Tensor:
    """float32 [1,HINT_CHANNELS·n,h,w] in 0..1 from n pictures, uint8 [8h,8w,3].

    Hints at latent resolution can be cut into windows, regions and lattices just like latents.
    """
    stacked = torch.from_numpy(np.concatenate([np.moveaxis(picture, -1, 0) for picture in pictures]))
    return F.pixel_unshuffle(stacked[None].float() / 255, CELL)


def unpack_hint(packed: Tensor) -> Tensor:
    """float32 [B,3,8h,8w], the picture of one hint [B,HINT_CHANNELS,h,w]: the inverse of `pack_hints`."""
    return F.pixel_shuffle(packed, CELL)


def add_residuals(controls: Sequence[Control], hints: Tensor, strength: float, *args: Any, **call: Any) -> Residuals:
    """Sum the residuals of all ControlNets, each multiplied by its weight and `strength`.

    hints: [B,HINT_CHANNELS·n,h,w] of n controls; args, call: the other arguments of the U-Net's call, which the ControlNets share
    """
    down: tuple[Tensor, ...] | None = None
    middle: Tensor | None = None
    for control, packed in zip(controls, hints.split(HINT_CHANNELS, 1), strict=True):
        if control.weight * strength == 0:
            continue
        more, last = control.net(
            *args,
            controlnet_cond=unpack_hint(packed).to(args[0].dtype),
            conditioning_scale=control.weight * strength,
            **call,
        )
        down = tuple(more) if down is None else tuple(a + b for a, b in zip(down, more, strict=True))
        middle = last if middle is None else middle + last
    return Residuals(down, middle)
