"""The additional inputs of Stable Diffusion XL's U-Net: the prompt's pooled vector, and the size of the picture.

The context of such a model has one more row than the prompt has tokens: the pooled vector, padded with zeros. So one tensor
describes a prompt completely, and code that batches, caches or selects contexts works for every model.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def token_rows(context: Tensor, pooled: int) -> Tensor:
    """The token rows of a context [B,T,D]. pooled: width of the pooled vector in the last row, 0 if there is none."""
    return context[:, :-1] if pooled else context


def pooled_vectors(context: Tensor, pooled: int, regions: Mapping | None) -> Tensor:
    """[B,pooled]: the pooled vector of each view of a call; context [B,T,D], regions as in `diffusion.denoisers.region_batching.Evaluate`.

    The network adds the pooled vector to all pixels, together with the timestep. Prompts that share a call therefore get the mean of
    their vectors, weighted by the areas of their regions. Executions that make separate calls avoid this compromise.
    """
    if regions is None:
        return context[:, -1, :pooled]
    each = regions["contexts"][:, -1, :pooled]
    areas = regions["weights"].mean((1, 2)).to(each)[:, None]
    return each.new_zeros((context.shape[0], pooled)).index_add_(0, regions["owners"], areas * each)


def size_condition(height: int, width: int, native: int) -> tuple[float, ...]:
    """(original height, width, crop top, left, target height, width) in pixels, for a canvas of height × width.

    The network was also trained on small pictures, enlarged and therefore blurred, and blurs if the original size is small
    (arXiv 2307.01952, 2.2). For a canvas below the native size, the same shape at native size is given instead.
    """
    scale = max(1.0, native / max(height, width))
    size = float(round(height * scale)), float(round(width * scale))
    return (*size, 0.0, 0.0, *size)


def make_conditions(
    context: Tensor, pooled: int, regions: Mapping | None, height: int, width: int, native: int
) -> dict[str, Tensor] | None:
    """diffusers' `added_cond_kwargs` for a call on a canvas of height × width pixels; None for a model without a pooled vector."""
    if not pooled:
        return None
    vectors = pooled_vectors(context, pooled, regions)
    sizes = torch.tensor([size_condition(height, width, native)], dtype=torch.float32, device=vectors.device)
    return {"text_embeds": vectors, "time_ids": sizes.expand(len(vectors), -1)}
