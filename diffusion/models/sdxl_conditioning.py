"""What Stable Diffusion XL's network is told besides words: the prompt as one vector, and how large the picture is.

A context of such a model has one row more than its prompt has tokens: the pooled vector, filled up with zeros. So one tensor is all of what
is known of a prompt, and whatever batches, remembers or picks contexts does the same for every model.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor


def token_rows(context: Tensor, pooled: int) -> Tensor:
    """The rows of a context [B,T,D] that are tokens. pooled: width of the pooled vector in the last row, 0 when there is none."""
    return context[:, :-1] if pooled else context


def pooled_vectors(context: Tensor, pooled: int, regions: Mapping | None) -> Tensor:
    """[B,pooled]: the pooled vector of each view of a call; context [B,T,D], regions as in `diffusion.denoisers.region_batching.Evaluate`.

    The network takes the pooled vector into every pixel alike, together with the timestep, so prompts that share a call must share one:
    their mean, weighed by the areas they paint. A region of one percent colours its neighbours by one percent. (Calls of their own,
    as of the other executions, need no such compromise.)
    """
    if regions is None:
        return context[:, -1, :pooled]
    each = regions["contexts"][:, -1, :pooled]
    areas = regions["weights"].mean((1, 2)).to(each)[:, None]
    return each.new_zeros((context.shape[0], pooled)).index_add_(0, regions["owners"], areas * each)


def size_condition(height: int, width: int, native: int) -> tuple[float, ...]:
    """(original height, width, crop top, left, target height, width) in pixels, for a canvas of height × width.

    The network learnt from small pictures, too, enlarged and therefore blurred, and paints so when told that the original was small
    (arXiv 2307.01952, 2.2). A canvas smaller than the model's own size is therefore told as one of the same shape and of that size.
    """
    scale = max(1.0, native / max(height, width))
    told = float(round(height * scale)), float(round(width * scale))
    return (*told, 0.0, 0.0, *told)


def added_conditions(
    context: Tensor, pooled: int, regions: Mapping | None, height: int, width: int, native: int
) -> dict[str, Tensor] | None:
    """diffusers' `added_cond_kwargs` for a call on a canvas of height × width pixels; None for a model without."""
    if not pooled:
        return None
    vectors = pooled_vectors(context, pooled, regions)
    sizes = torch.tensor([size_condition(height, width, native)], dtype=torch.float32, device=vectors.device)
    return {"text_embeds": vectors, "time_ids": sizes.expand(len(vectors), -1)}
