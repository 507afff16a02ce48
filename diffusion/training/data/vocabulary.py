"""Build the captions that typed prompts are compared with: every trained noun, alone and in every light, and random captions.

    python -m diffusion.training.data.vocabulary [FILE]

builds the embedded model's bank of captions (`diffusion.text2image.prompt_matching.PromptBank`) and, beside it, the list of words
that it knows (`diffusion.models.known_words.Vocabulary`).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from diffusion.models.known_words import VOCABULARY, Vocabulary
from diffusion.models.minilm import MiniLMEncoder
from diffusion.text2image.prompt_matching import BANK, PromptBank
from diffusion.training.data.adjectives import ADJECTIVES, COLOURS
from diffusion.training.data.bank import random_surface
from diffusion.training.data.captions import LIGHT_WORDS, STYLE_WORDS, Surface, caption, noun_phrase
from diffusion.training.data.dataset import random_mood
from diffusion.training.data.materials import MATERIALS

FUNCTION_WORDS = (
    "a", "an", "the", "and", "or", "of", "in", "on", "at", "by", "to", "from", "with", "without", "over", "under",
    "near", "beside", "between", "behind", "before", "into", "as", "is", "are", "its", "some", "very", "covered",
    "made", "full", "texture", "surface", "material", "picture", "photo", "image", "detailed", "realistic",
    "masterpiece", "quality", "best",
)  # fmt: skip
LIGHTS = tuple(words[0] for words in LIGHT_WORDS.values())


def list_captions(mixtures: int = 1500, seed: int = 0) -> list[str]:
    """Return distinct captions of single surfaces: nouns first, then nouns in a light, then `mixtures` random ones as in training."""
    nouns = [noun for material in MATERIALS.values() for noun in material.nouns]
    lit = [f"{noun}, {light}" for noun in nouns for light in LIGHTS]
    rng = np.random.default_rng(seed)
    found = dict.fromkeys([*nouns, *lit])
    most = len(found) + mixtures
    while len(found) < most:
        surface: Surface = random_surface(rng)
        found[noun_phrase(surface, rng) if rng.random() < 0.5 else caption([surface], random_mood(rng), rng)] = None
    return list(found)


def list_known_words() -> Vocabulary:
    """Return all nouns of the captions, and all words that may accompany them."""
    phrases = [word for adjective in ADJECTIVES.values() for word in adjective.words] + list(COLOURS)
    phrases += [word for words in (*LIGHT_WORDS.values(), *STYLE_WORDS.values()) for word in words]
    modifiers = dict.fromkeys([*phrases, *(word for phrase in phrases for word in phrase.split()), *FUNCTION_WORDS])
    nouns = dict.fromkeys(noun for material in MATERIALS.values() for noun in material.nouns)
    return Vocabulary(tuple(nouns), tuple(word for word in modifiers if word not in nouns))


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the bank; a minute on one core."""
    parser = argparse.ArgumentParser(
        prog="python -m diffusion.training.data.vocabulary",
        description="Build the bank of captions that typed prompts are matched with.",
    )
    parser.add_argument("file", nargs="?", type=Path, default=BANK, help="output file (default: the embedded model's)")
    path = parser.parse_args(arguments).file
    bank = PromptBank.build(list_captions(), MiniLMEncoder().sentences)
    bank.save(path)
    list_known_words().save(path.with_name(VOCABULARY))
    print(f"{len(bank.captions)} captions in {path}")


if __name__ == "__main__":
    main()
