"""Region masks: normalise, soften, and find their bounding boxes."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from diffusion.denoisers.windows import Box


def normalise(masks: Tensor) -> Tensor:
    """Scale masks [R,h,w] so that they sum to 1 at every pixel; uncovered pixels go to the first mask."""
    masks = masks.clamp_min(0)
    total = masks.sum(0)
    rest = torch.zeros_like(masks)
    rest[0] = (total <= 0).to(masks.dtype)
    return (masks + rest) / (total + rest[0])


def blur(image: Tensor, sigma: float) -> Tensor:
    """[N,h,w] blurred by a Gaussian of `sigma` pixels (cut at 3 sigma, edges replicated); below 0.1 pixels, the image itself."""
    if sigma < 0.1:
        return image
    radius = min(math.ceil(3 * sigma), 8 * max(image.shape[-2:]))
    offsets = torch.arange(-radius, radius + 1, device=image.device, dtype=image.dtype)
    kernel = torch.exp(-0.5 * (offsets / sigma) ** 2)
    kernel = kernel / kernel.sum()
    blurred = F.pad(image[:, None], (radius, radius, radius, radius), mode="replicate")
    blurred = F.conv2d(blurred, kernel.view(1, 1, 1, -1))
    return F.conv2d(blurred, kernel.view(1, 1, -1, 1))[:, 0]


def soften(masks: Tensor, softness: float) -> Tensor:
    """Masks [R,h,w] with edges blurred by `softness` latent pixels: hard edges leave seams in dreams of few steps."""
    return blur(masks, softness)


def bounding_box(mask: Tensor, multiple: int, margin: int = 0) -> Box:
    """The smallest box around the non-zero part of mask [h,w], plus `margin` pixels. Its sides are multiples of `multiple` if the
    mask's are."""
    rows, columns = mask.any(1).nonzero()[:, 0], mask.any(0).nonzero()[:, 0]
    top, bottom = _align(int(rows[0]) - margin, int(rows[-1]) + 1 + margin, mask.shape[0], multiple)
    left, right = _align(int(columns[0]) - margin, int(columns[-1]) + 1 + margin, mask.shape[1], multiple)
    return Box(top, left, bottom - top, right - left)


def _align(low: int, high: int, length: int, multiple: int) -> tuple[int, int]:
    low, high = max(low, 0), min(high, length)
    size = min(-(-(high - low) // multiple) * multiple, length)
    low = min(low, length - size)
    return low, low + size
