"""Regional attention: one U-Net call in which every latent pixel listens only to the prompts of its own regions."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from torch import Tensor
from torch.nn import functional as F


def mask_pyramid(masks: Tensor, levels: int) -> dict[int, Tensor]:
    """Region weights at each resolution of a U-Net, by its number of latent pixels.

    masks: [R,h,w], summing to 1 over R. A U-Net's stride-2 convolutions give ceil(h/2), ceil(w/2); the weights are averaged likewise,
    so they still sum to 1.
    """
    pyramid = {}
    for _ in range(levels):
        regions, height, width = masks.shape
        pyramid.setdefault(height * width, masks.reshape(regions, height * width))
        size = ((height + 1) // 2, (width + 1) // 2)
        masks = F.adaptive_avg_pool2d(masks[None], size)[0]
    return pyramid


class RegionalProcessor(AttnProcessor2_0):
    """diffusers' processor, until `regions` is given: then every prompt is attended to by itself and the answers are weighed by the
    masks, so soft masks blend and one region over everything changes nothing.

    regions: {"contexts": [R,T,D], "owners": [R], the batch entry each belongs to, "masks": {pixels: [R,pixels]}}, passed as
    `cross_attention_kwargs={"regions": …}`.
    """

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        regions: Mapping | None = None,
    ) -> Tensor:
        if regions is None or encoder_hidden_states is None:
            return super().__call__(attn, hidden_states, encoder_hidden_states, attention_mask, temb)
        weights = regions["masks"][hidden_states.shape[1]].to(hidden_states.dtype)

        def heads(projected: Tensor) -> Tensor:
            return projected.unflatten(-1, (attn.heads, -1)).transpose(1, 2)

        query = heads(attn.to_q(hidden_states))
        key, value = heads(attn.to_k(regions["contexts"])), heads(attn.to_v(regions["contexts"]))  # pyright: ignore[reportOptionalCall]
        mixed = _piecewise if query.device.type == "cpu" else _at_once
        mixed = mixed(query, key, value, regions["owners"], weights)
        out = attn.to_out[0](mixed.transpose(1, 2).flatten(2))  # pyright: ignore[reportOptionalSubscript]
        return attn.to_out[1](out) / attn.rescale_output_factor  # pyright: ignore[reportOptionalSubscript]


def _at_once(query: Tensor, key: Tensor, value: Tensor, owners: Tensor, weights: Tensor) -> Tensor:
    """[B,heads,pixels,d]: every prompt heard everywhere, and weighed: few calls, for a GPU."""
    heard = F.scaled_dot_product_attention(query[owners], key, value)
    return torch.zeros_like(query).index_add_(0, owners, heard * weights[:, None, :, None])


def _piecewise(query: Tensor, key: Tensor, value: Tensor, owners: Tensor, weights: Tensor) -> Tensor:
    """The same, every prompt heard only where it counts: little work, for a CPU."""
    mixed = torch.zeros_like(query)
    for region, owner in enumerate(owners.tolist()):
        where = weights[region].nonzero().squeeze(1)
        part = query[owner : owner + 1].index_select(2, where)
        heard = F.scaled_dot_product_attention(part, key[region : region + 1], value[region : region + 1])
        mixed[owner].index_add_(1, where, heard[0] * weights[region, where, None])
    return mixed
