"""Captions: describe a picture in many ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diffusion.training.data.adjectives import ADJECTIVES
from diffusion.training.data.materials import MATERIALS

LIGHT_WORDS: dict[str, tuple[str, ...]] = {
    "noon": ("noon", "at noon", "midday", "bright sunlight", "sunny day", "in daylight", "in the sun"),
    "sunset": ("sunset", "at sunset", "golden hour", "evening light", "at dusk", "warm evening sun"),
    "night": ("night", "at night", "moonlight", "in the moonlight", "midnight", "night time"),
    "fog": ("fog", "in fog", "foggy", "misty", "thick mist", "in the mist"),
}
STYLE_WORDS: dict[str, tuple[str, ...]] = {
    "watercolour": ("watercolour", "watercolor painting", "as a watercolour", "painted in watercolour"),
    "pencil": ("pencil sketch", "pencil drawing", "sketch", "drawn in pencil"),
}


@dataclass(frozen=True)
class Surface:
    """One material in a drawn picture: its name, its adjectives, and a colour word or ""."""

    material: str
    adjectives: tuple[str, ...] = ()
    colour: str = ""


@dataclass(frozen=True)
class Mood:
    """A picture's light and style; `light_said` is False where daylight needs no mention."""

    light: str = "noon"
    style: str = ""
    light_said: bool = True


def noun_phrase(surface: Surface, rng: np.random.Generator, held_out: bool = False) -> str:
    """ "wet red brick wall", "brick wall, red and wet", "stone wall covered in moss" …"""
    material = MATERIALS[surface.material]
    noun = str(rng.choice(material.held_out if held_out else material.nouns))
    words = [str(rng.choice(ADJECTIVES[a].words)) for a in surface.adjectives]
    if surface.colour:
        words.append(surface.colour)
    if not words:
        return noun
    if rng.random() < 0.75:
        return " ".join(
            [*rng.permutation(words[:-1]).tolist(), words[-1], noun]
            if surface.colour
            else [*rng.permutation(words).tolist(), noun]
        )
    return f"{noun}, {' and '.join(words)}"


def caption(surfaces: list[Surface], mood: Mood, rng: np.random.Generator, held_out: bool = False) -> str:
    """One caption for all surfaces together. For a single surface in unmentioned light it may be just the noun."""
    phrases = [noun_phrase(s, rng, held_out) for s in surfaces]
    joiner = [" and ", ", ", " with ", " beside "][int(rng.integers(4))]
    subject = joiner.join(phrases) if len(phrases) <= 2 else ", ".join(phrases[:-1]) + f" and {phrases[-1]}"
    extras = []
    if mood.style:
        extras.append(str(rng.choice(STYLE_WORDS[mood.style])))
    if mood.light_said:
        extras.append(str(rng.choice(LIGHT_WORDS[mood.light])))
    form = rng.random()
    if extras and form < 0.25:
        text = f"{', '.join(extras)}, {subject}"
    elif extras:
        text = (
            f"{subject}, {', '.join(rng.permutation(extras).tolist())}"
            if form < 0.7
            else f"{subject} {' '.join(extras)}"
        )
    elif form < 0.75:
        text = subject
    else:
        text = ["a picture of {}", "{} texture", "a photo of {}", "{}, detailed"][int(rng.integers(4))].format(subject)
    return text
