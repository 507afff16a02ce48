"""Draw random prompts from a bank of captions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def draw_captions(
    captions: Sequence[str],
    rng: np.random.Generator,
    count: int = 1,
    *,
    similarity: np.ndarray | None = None,
    temperature: float = 0.0,
) -> list[str]:
    """Draw distinct captions, at most as many as there are.

    similarity: float [N], of each caption to the wanted prompt; without it all are equally likely. temperature: 0 takes the most similar
    ones, best first; above it they are drawn one after the other with weights softmax(similarity / temperature).
    """
    if similarity is None:
        return [captions[int(i)] for i in rng.permutation(len(captions))[:count]]
    scores = np.asarray(similarity, float)
    if temperature > 0:
        # the captions with the largest of these scores are such a draw: Gumbel-top-k, Kool et al. 2019, arXiv 1903.06059
        scores = scores + temperature * rng.gumbel(size=len(scores))
    return [captions[int(i)] for i in np.argsort(-scores, kind="stable")[:count]]
