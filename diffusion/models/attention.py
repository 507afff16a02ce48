"""Regional attention: one U-Net call in which every latent pixel attends only to the prompts of its own regions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from torch import Tensor
from torch.nn import functional as F

Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(query, key, value) → the attended values, [B,heads,rows,d] each."""
SLICE = 2**23  # attention weights in memory at a time: 32 MiB in float32


class RegionalProcessor(AttnProcessor2_0):
    """diffusers' attention processor, with regional cross-attention if `regions` is given.

    Each prompt is attended to separately, and the results are weighted by the masks: soft masks blend, and a single region that
    covers everything gives the ordinary result.

    sliced: whether attention is computed for some pixels at a time, so that the weights of all pixels are never in memory together.
    regions: {"contexts": [R,T,D], "owners": [R], the batch entry each belongs to, "masks": {pixels: [R,pixels]}}, passed as
    `cross_attention_kwargs={"regions": …}`.
    style: {"tokens": [B,N,D], "weight": [B]}, B the number of contexts; only `StyleProcessor` uses it.
    """

    sliced = False

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        regions: Mapping | None = None,
        style: Mapping | None = None,
    ) -> Tensor:
        crossing = encoder_hidden_states is not None
        plain = not crossing or (regions is None and style is None)
        if plain and not (self.sliced and _is_bare(attn, hidden_states, attention_mask)):
            return super().__call__(attn, hidden_states, encoder_hidden_states, attention_mask, temb)
        regions, style = (regions, style) if crossing else (None, None)
        query = _heads(attn, attn.to_q(hidden_states))
        contexts = regions["contexts"] if regions is not None else encoder_hidden_states if crossing else hidden_states
        key, value = _heads(attn, attn.to_k(contexts)), _heads(attn, attn.to_v(contexts))  # pyright: ignore[reportOptionalCall]
        mixed = self._attend(query, key, value, regions)
        if style is not None:
            mixed = mixed + self._attend_style(attn, query, style, regions)
        out = attn.to_out[0](mixed.transpose(1, 2).flatten(2))  # pyright: ignore[reportOptionalSubscript]
        return attn.to_out[1](out) / attn.rescale_output_factor  # pyright: ignore[reportOptionalSubscript]

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, regions: Mapping | None) -> Tensor:
        """[B,heads,pixels,d]: attention to each view's context, or that of each pixel to its regions' prompts."""
        attended: Attend = _attend_in_slices if self.sliced else F.scaled_dot_product_attention
        if regions is None:
            return attended(query, key, value)
        weights = regions["masks"][query.shape[2]].to(query.dtype)
        attend = _attend_per_region if query.device.type == "cpu" else _attend_everywhere
        return attend(attended, query, key, value, regions["owners"], weights)

    def _attend_style(self, attn: Attention, query: Tensor, style: Mapping, regions: Mapping | None) -> Tensor:
        return torch.zeros_like(query)


class StyleProcessor(RegionalProcessor):
    """Cross-attention that also attends to a picture (IP-Adapter): its own keys and values [inner,D], added with the picture's weight."""

    def __init__(self, key: Tensor, value: Tensor) -> None:
        super().__init__()
        self._key, self._value = key, value

    def _attend_style(self, attn: Attention, query: Tensor, style: Mapping, regions: Mapping | None) -> Tensor:
        key, value = (_heads(attn, F.linear(style["tokens"], weight)) for weight in (self._key, self._value))
        value = value * style["weight"][:, None, None, None].to(value.dtype)
        return self._attend(query, key, value, regions)


def _heads(attn: Attention, projected: Tensor) -> Tensor:
    """[B,heads,rows,d] from [B,rows,heads·d]."""
    return projected.unflatten(-1, (attn.heads, -1)).transpose(1, 2)


def _is_bare(attn: Attention, hidden_states: Tensor, mask: Tensor | None) -> bool:
    """Whether this is a transformer block's attention, which has only projections around it."""
    around = attn.group_norm, attn.spatial_norm, attn.norm_q, attn.norm_k, mask
    return hidden_states.ndim == 3 and not (any(part is not None for part in around) or attn.residual_connection)


def _attend_in_slices(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """[B,heads,pixels,d]: the same result, computed with at most SLICE attention weights at a time."""
    rows = max(1, SLICE // (query.shape[0] * query.shape[1] * key.shape[2]))
    return torch.cat([F.scaled_dot_product_attention(part, key, value) for part in query.split(rows, 2)], 2)


def _attend_everywhere(
    attend: Attend, query: Tensor, key: Tensor, value: Tensor, owners: Tensor, weights: Tensor
) -> Tensor:
    """[B,heads,pixels,d]: attend to every prompt at all pixels, then weight. Few kernel calls, which suits a GPU."""
    attended = attend(query[owners], key, value)
    return torch.zeros_like(query).index_add_(0, owners, attended * weights[:, None, :, None])


def _attend_per_region(
    attend: Attend, query: Tensor, key: Tensor, value: Tensor, owners: Tensor, weights: Tensor
) -> Tensor:
    """The same, but attend to each prompt only where its weight isn't 0. Less work, which suits a CPU."""
    mixed = torch.zeros_like(query)
    for region, owner in enumerate(owners.tolist()):
        where = weights[region].nonzero().squeeze(1)
        part = query[owner : owner + 1].index_select(2, where)
        attended = attend(part, key[region : region + 1], value[region : region + 1])
        mixed[owner].index_add_(1, where, attended[0] * weights[region, where, None])
    return mixed
