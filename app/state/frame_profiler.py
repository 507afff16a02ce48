"""Measures how long each part of a frame takes on the main thread."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple


class Span(NamedTuple):
    """Seconds. wall: elapsed; cpu: of the main thread alone, independent of other load."""

    wall: float = 0.0
    cpu: float = 0.0

    @classmethod
    def now(cls) -> Span:
        return cls(time.perf_counter(), time.thread_time())

    def plus(self, other: Span) -> Span:
        return Span(self.wall + other.wall, self.cpu + other.cpu)

    def minus(self, other: Span) -> Span:
        return Span(self.wall - other.wall, self.cpu - other.cpu)


class FrameProfiler:
    """parts: times since `begin` by name, each without nested parts."""

    def __init__(self) -> None:
        self.parts: dict[str, Span] = {}
        self._inside = Span()  # of parts that ran within the one that runs

    def begin(self) -> None:
        """Start a new frame."""
        self.parts = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measure the block under this name."""
        outer, self._inside, began = self._inside, Span(), Span.now()
        try:
            yield
        finally:
            whole = Span.now().minus(began)
            self.parts[name] = self.parts.get(name, Span()).plus(whole.minus(self._inside))
            self._inside = outer.plus(whole)
