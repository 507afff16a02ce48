"""The weights of regions at each resolution of a U-Net."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def mask_pyramid(masks: Tensor, levels: int) -> dict[int, Tensor]:
    """Region weights at each resolution of a U-Net, by its number of latent pixels.

    masks: [R,h,w], summing to 1 over R. A U-Net's stride-2 convolutions give ceil(h/2), ceil(w/2); the masks are averaged to the same
    sizes, so they still sum to 1.
    """
    pyramid = {}
    for _ in range(levels):
        regions, height, width = masks.shape
        pyramid.setdefault(height * width, masks.reshape(regions, height * width))
        size = ((height + 1) // 2, (width + 1) // 2)
        masks = F.adaptive_avg_pool2d(masks[None], size)[0]
    return pyramid
