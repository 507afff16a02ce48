"""ComfyUI's IMAGE (float32 [B,H,W,3] in 0..1) and MASK (float32 [B,H,W]) as arrays, and back."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from base.errors import InputError


def as_image(picture: np.ndarray) -> Tensor:
    """The IMAGE of a picture uint8 [H,W,3 or 4]; alpha is left out."""
    return torch.from_numpy(picture[..., :3].astype(np.float32) / 255)[None]


def as_picture(image: Tensor) -> np.ndarray:
    """uint8 [H,W,3] of the first picture of an IMAGE. Raises InputError for what is none."""
    if image.ndim != 4 or image.shape[-1] < 3:
        raise InputError("image", "", f"has the shape {list(image.shape)}; it must be [pictures, height, width, 3]")
    if not bool(image[0].isfinite().all()):
        raise InputError("image", "", "holds NaN or infinite values")
    shares = image[0, ..., :3].float().cpu().clamp(0, 1)
    return (shares * 255).round().to(torch.uint8).numpy()


def as_mask(plane: np.ndarray) -> Tensor:
    """The MASK of a plane [H,W] or planes [B,H,W]."""
    mask = torch.from_numpy(np.ascontiguousarray(plane, np.float32))
    return mask if mask.ndim == 3 else mask[None]
