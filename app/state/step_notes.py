"""Sentences for learners about remarkable measurements of a dream's step or of a network probe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from diffusion.introspection.emergence import SETTLED, Emergence, settling_step
from diffusion.lessons.checks import LOUD

FELL = 0.15  # share of large shapes lost from one step to the next that is worth a remark
WORTH = 0.03  # minimum share of the picture for remarks about a region
MUCH = 0.25  # share of a call's time in one block that is worth a remark


def of_step(found: Sequence[Emergence], guidance: Sequence[float], place: int) -> str:
    """Return a remark about a step, or "".

    found: the results of `diffusion.introspection.emergence`, the whole picture first; guidance: one value for each
    step, NaN before guidance begins; place: the step, from 0.
    """
    if not found or not 0 <= place < len(found[0].coarse):
        return ""
    whole, coarse, fine = found[0], settling_step(found[0].coarse), settling_step(found[0].fine)
    here, last = whole.coarse[place], len(whole.coarse) - 1
    before = whole.coarse[place - 1] if place else 0.0
    if place and before - here > FELL:
        begins = np.isnan(guidance[place - 1]) and np.isfinite(guidance[place])
        cause = "Guidance starts and" if begins else "This step"
        return f"{cause} changes the picture: the share of large shapes drops from {before:.0%} to {here:.0%}."
    if place == coarse < last:
        words = "out of pure noise" if place == 0 else f"at step {place + 1}"
        return f"The layout is decided here, {words}: {here:.0%} of the large shapes are there and stay."
    if place == fine < last:
        return f"The details are decided here: {whole.fine[place]:.0%} of them are there. The rest is polish."
    known = [one.prompt for one in found[1:] if one.share > WORTH and 0 < settling_step(one.coarse) == place < last]
    if known:
        return f"“{known[0]}” becomes recognisable: from here on at least {SETTLED:.0%} of its large shapes are there."
    return ""


def of_blocks(blocks: Sequence[Any]) -> str:
    """blocks: of `diffusion.introspection.unet_probe`."""
    whole = sum(block.seconds for block in blocks)
    slowest = max(blocks, key=lambda block: block.seconds)
    share = slowest.seconds / max(whole, 1e-12)
    if share < MUCH:
        return ""
    pixels, least = (int(np.prod(size)) for size in (slowest.shape[1:], min(b.shape[1:] for b in blocks)))
    many = (
        f", because it processes {pixels // least} times as many places as the coarsest block" if pixels > least else ""
    )
    return f"{slowest.name.capitalize()} takes {share:.0%} of the time{many}."


def of_words(attention: Any) -> str:
    """attention: a `diffusion.introspection.unet_probe.WordAttention`."""
    words = attention.weights[:-1]  # the last one stands for the tokens that belong to no word
    if len(words) < 2:
        return ""
    loudest = int(words.argmax())
    if words[loudest] < LOUD * words.mean():
        return ""
    return f"“{attention.words[loudest]}” gets {words[loudest] / words.mean():.1f} times the average attention of the prompt's words."
