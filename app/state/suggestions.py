"""Suggestions for a typed prompt: the nearest captions of the embedded model's training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Suggestions:
    """prompt: the query; matches: (caption, cosine −1..1), best first; far: whether it is unlike all training captions;
    readings: what the model reads instead of words it doesn't know, one sentence each."""

    prompt: str
    matches: tuple[tuple[str, float], ...]
    far: bool
    readings: tuple[str, ...] = ()


class SuggestionSource(Protocol):
    """Looks prompts up without blocking. problem: why it can't, or ""."""

    problem: str

    def about(self, prompt: str) -> Suggestions | None:
        """What is known about a prompt; None while it is being looked up or when it can't be."""
        ...
