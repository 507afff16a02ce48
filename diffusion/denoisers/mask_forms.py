"""How the edge of a mask is blurred."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from diffusion.denoisers.masks import blur


def lighten(mask: Tensor, sigma: float) -> Tensor:
    """Blurred, but nowhere darker than before (raycast_diffusion's LightenBlur): what is white stays white, and its edge fades outwards."""
    return torch.maximum(mask, blur(mask, sigma))


MASK_FORMS: dict[str, Callable[[Tensor, float], Tensor]] = {"blur": blur, "lighten": lighten}
"""Name → (mask [N,H,W] in 0..1, sigma in pixels) → the same, blurred."""
