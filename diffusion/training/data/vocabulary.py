"""The captions that a typed prompt is compared with: every noun that the model learned, plain and in every light, and many mixtures."""

from __future__ import annotations

import numpy as np

from diffusion.training.data.bank import random_surface
from diffusion.training.data.captions import LIGHT_WORDS, Surface, caption, noun_phrase
from diffusion.training.data.dataset import random_mood
from diffusion.training.data.materials import MATERIALS

LIGHTS = tuple(words[0] for words in LIGHT_WORDS.values())


def vocabulary(mixtures: int = 1500, seed: int = 0) -> list[str]:
    """Distinct captions of single surfaces: nouns first, then nouns in a light, then `mixtures` as the training draws them."""
    nouns = [noun for material in MATERIALS.values() for noun in material.nouns]
    lit = [f"{noun}, {light}" for noun in nouns for light in LIGHTS]
    rng = np.random.default_rng(seed)
    found = dict.fromkeys([*nouns, *lit])
    most = len(found) + mixtures
    while len(found) < most:
        surface: Surface = random_surface(rng)
        found[noun_phrase(surface, rng) if rng.random() < 0.5 else caption([surface], random_mood(rng), rng)] = None
    return list(found)
