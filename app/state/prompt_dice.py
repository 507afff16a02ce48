"""What random prompts are drawn from, and what was drawn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol


@dataclass(frozen=True)
class DiceSettings:
    """bank: a file or folder of captions, "" for the embedded model's; material, mood: categories, "" for any; temperature: 0 takes the
    prompt nearest to the present one, above 0.1 nearly any."""

    bank: str = ""
    material: str = ""
    mood: str = ""
    temperature: float = 0.03

    def of_bank(self, bank: str) -> DiceSettings:
        """Return the settings with another bank, of which no categories are chosen yet."""
        return replace(self, bank=bank, material="", mood="")


@dataclass(frozen=True)
class DrawnPrompt:
    """prompt: what was drawn; match: the known caption nearest to it, with its cosine."""

    prompt: str
    match: str
    similarity: float


@dataclass(frozen=True)
class Categories:
    """Materials and moods of a bank that have any prompts."""

    materials: tuple[str, ...] = field(default=())
    moods: tuple[str, ...] = field(default=())


class DiceSource(Protocol):
    """Draws prompts without blocking. problem: why it can't, or ""; settings: what is drawn from, which panels change."""

    problem: str
    settings: DiceSettings

    def throw(self, field: str, near: str) -> None:
        """Draw a prompt for a field of text whose prompt is `near`."""
        ...

    def take(self, field: str) -> DrawnPrompt | None:
        """What was drawn for a field, once."""
        ...

    def categories(self) -> Categories | None:
        """Of the chosen bank; None while it is read."""
        ...
