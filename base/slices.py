"""Long work as a generator that yields between its slices and returns the result."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")


def run_to_end(work: Generator[None, None, T]) -> T:
    """Run all slices at once and return the result."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
