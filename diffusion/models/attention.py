"""Regional attention: one U-Net call in which every latent pixel attends only to the prompts of its own regions."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
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


class RegionalProcessor(AttnProcessor2_0):
    """diffusers' attention processor, with regional cross-attention if `regions` is given.

    Each prompt is attended to separately, and the results are weighted by the masks: soft masks blend, and a single region that
    covers everything gives the ordinary result.

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
        mixed = _attend_per_region if query.device.type == "cpu" else _attend_everywhere
        mixed = mixed(query, key, value, regions["owners"], weights)
        out = attn.to_out[0](mixed.transpose(1, 2).flatten(2))  # pyright: ignore[reportOptionalSubscript]
        return attn.to_out[1](out) / attn.rescale_output_factor  # pyright: ignore[reportOptionalSubscript]


def _attend_everywhere(query: Tensor, key: Tensor, value: Tensor, owners: Tensor, weights: Tensor) -> Tensor:
    """[B,heads,pixels,d]: attend to every prompt at all pixels, then weight. Few kernel calls, which suits a GPU."""
    attended = F.scaled_dot_product_attention(query[owners], key, value)
    return torch.zeros_like(query).index_add_(0, owners, attended * weights[:, None, :, None])


def _attend_per_region(query: Tensor, key: Tensor, value: Tensor, owners: Tensor, weights: Tensor) -> Tensor:
    """The same, but attend to each prompt only where its weight isn't 0. Less work, which suits a CPU."""
    mixed = torch.zeros_like(query)
    for region, owner in enumerate(owners.tolist()):
        where = weights[region].nonzero().squeeze(1)
        part = query[owner : owner + 1].index_select(2, where)
        attended = F.scaled_dot_product_attention(part, key[region : region + 1], value[region : region + 1])
        mixed[owner].index_add_(1, where, attended[0] * weights[region, where, None])
    return mixed
