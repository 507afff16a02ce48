"""Weights of words, as compel applies them: relative to the empty prompt, and for weak words also towards the prompt without them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from diffusion.models.prompt_tokens import Chunk, find_weakened

LEAST = 1e-5  # the blend's weight, tan((1 - w)·π/2), is infinite at w = 0


def compute_weighted_states(
    encode: Callable[[Tensor | None], Tensor], chunk: Chunk, first: int, empty: Tensor
) -> Tensor:
    """The states [T,D] of a chunk of weighted tokens.

    encode: (attention mask int64 [1,T], or None for all) → states [T,D]; first: position of the chunk's first token among the T
    empty: [T,D] or [D], the states of the empty prompt

    A token's state z becomes empty + w·(z - empty). For each span of a weight w below 1 the result is blended with the states of the
    prompt in which nothing attends to that span, by tan((1 - w)·π/2): at w = 0.5 half of each, at w = 0 only the latter.
    """
    if all(token.weight == 1 for token in chunk):
        return encode(None)

    def scaled(mask: Tensor | None) -> Tensor:
        states = encode(mask)
        factors = states.new_ones(len(states), 1)
        factors[first : first + len(chunk), 0] = states.new_tensor([token.weight for token in chunk])
        return empty + factors * (states - empty)

    blended, total = scaled(None), 1.0
    for weight, places in find_weakened(chunk):
        share = math.tan((1 - max(weight, LEAST)) * math.pi / 2)
        blended = blended + share * scaled(_mask_without(len(blended), [first + place for place in places]))
        total += share
    return blended / total


def _mask_without(length: int, places: Sequence[int]) -> Tensor:
    mask = torch.ones((1, length), dtype=torch.int64)
    mask[0, list(places)] = 0
    return mask
