"""A crew: a worker that dreams several requests at a time."""

from __future__ import annotations

from typing import Protocol

from app.loop.messages import ModelInfo, Request, Worker


class Crew(Worker, Protocol):
    """The `Worker` protocol with several dreams at a time.

    Each request given to `begin` comes back from `poll` exactly once, in any order, as DreamFinished or DreamFailed.
    """

    @property
    def model(self) -> ModelInfo:
        """The model that all members have."""
        ...

    @property
    def room(self) -> int:
        """Number of further requests that would keep all members busy. More may be begun; they wait."""
        ...

    def begin(self, request: Request) -> None:
        """Start a dream in addition to those already running."""
        ...
