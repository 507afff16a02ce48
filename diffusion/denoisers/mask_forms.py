"""Ways to blur the edge of a mask."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from diffusion.denoisers.masks import blur


def lighten(mask: Tensor, sigma: float) -> Tensor:
    """Blurred, but nowhere darker than before (raycast_diffusion's LightenBlur): white areas stay white, and their edges fade outwards."""
    return torch.maximum(mask, blur(mask, sigma))


MASK_FORMS: dict[str, Callable[[Tensor, float], Tensor]] = {"blur": blur, "lighten": lighten}
"""Name → (mask [N,H,W] in 0..1, sigma in pixels) → the same, blurred."""
