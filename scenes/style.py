"""The style of a scene: words that are added to the prompts of all its materials and of its sky."""

from __future__ import annotations

from dataclasses import dataclass

LIGHTS: tuple[str, ...] = ("noon", "sunset", "night", "fog")  # as the embedded model's captions call them


@dataclass(frozen=True)
class Style:
    """prompt, negative_prompt: "" adds nothing; light: one of LIGHTS or "". A prompt that names a light keeps its own."""

    prompt: str = ""
    negative_prompt: str = ""
    light: str = ""

    def extend(self, prompt: str, negative_prompt: str = "") -> tuple[str, str]:
        """Return (prompt, negative prompt) with the style's words at the end. Words that are there already are not repeated."""
        light = "" if set(_parts(prompt)) & set(LIGHTS) else self.light
        return _join(prompt, light, self.prompt), _join(negative_prompt, self.negative_prompt)


NO_STYLE = Style()


def _join(*texts: str) -> str:
    """The texts with commas between them, without those that an earlier one contains."""
    kept: list[str] = []
    for text in texts:
        if text and not set(_parts(text)) <= {part for one in kept for part in _parts(one)}:
            kept.append(text)
    return ", ".join(kept)


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]
