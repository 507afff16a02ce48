"""Upsample tensors from latent pixels to pixels (`base.grid` does it for arrays)."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import interpolate

from base.grid import CELL


def repeat_cells(plane: Tensor) -> Tensor:
    """[CELL·h,CELL·w] from [h,w]: every pixel has the value of its cell."""
    return plane.repeat_interleave(CELL, 0).repeat_interleave(CELL, 1)


def interpolate_cells(planes: Tensor) -> Tensor:
    """[K,CELL·h,CELL·w] from [K,h,w], bilinear."""
    return interpolate(planes[None], scale_factor=CELL, mode="bilinear", align_corners=False)[0]
