"""Find the materials and moods that captions name, among those that the embedded model was trained on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from diffusion.training.data.captions import LIGHT_WORDS, STYLE_WORDS
from diffusion.training.data.materials import MATERIALS

MOODS: tuple[str, ...] = (*LIGHT_WORDS, *STYLE_WORDS)


def find_categories(caption: str) -> frozenset[str]:
    """Return the names of a caption's materials and moods (keys of MATERIALS, and MOODS), by the words that training uses for them.

    The longest match counts: "brick wall" is not also a "wall".
    """
    pattern, names = _words()
    return frozenset(name for match in pattern.finditer(caption.lower()) for name in names[match.group()])


def count_categories(captions: Iterable[str]) -> dict[str, int]:
    """Return the number of captions in each category that has any: materials first, then moods."""
    counts = dict.fromkeys((*MATERIALS, *MOODS), 0)
    for caption in captions:
        for name in find_categories(caption):
            counts[name] += 1
    return {name: count for name, count in counts.items() if count}


@cache
def _words() -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    """A pattern for all words, the longest first, and the categories that each of them stands for."""
    names: dict[str, tuple[str, ...]] = {}
    kinds = {name: (*material.nouns, *material.held_out) for name, material in MATERIALS.items()}
    for name, words in {**kinds, **LIGHT_WORDS, **STYLE_WORDS}.items():
        for word in words:
            names[word] = (*names.get(word, ()), name)
    longest = sorted(names, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(map(re.escape, longest)) + r")\b"), names
