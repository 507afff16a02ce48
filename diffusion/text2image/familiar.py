"""How the embedded model understands a prompt: which words it replaces, and which training captions are similar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from diffusion.models.known_words import Reading, open_reader
from diffusion.models.minilm import MiniLMEncoder
from diffusion.text2image.prompt_matching import BANK, FAR, Match, PromptBank, suggest_captions


@dataclass(frozen=True)
class Understanding:
    """readings: the replacements, in order; matches: the captions nearest to the prompt as it is read, best first."""

    readings: tuple[Reading, ...]
    matches: tuple[Match, ...]

    @property
    def far(self) -> bool:
        """Whether no caption is similar to the prompt, so that the picture may show anything."""
        return self.matches[0].similarity < FAR


def open_understanding() -> Callable[[str, int], Understanding]:
    """(prompt, number of matches) → how the embedded model understands it. Raises InputError if its bank can't be read."""
    bank, encoder = PromptBank.load(BANK), MiniLMEncoder()
    reader = open_reader(BANK.parent, encoder)

    def understand(prompt: str, k: int) -> Understanding:
        known, readings = reader.read(prompt) if reader else (prompt, ())
        return Understanding(readings, suggest_captions(known, bank, encoder.sentences, k))

    return understand
