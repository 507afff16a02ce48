"""A crew: a worker that dreams several requests at a time."""

from __future__ import annotations

from typing import Protocol

from app.loop.messages import ModelInfo, Request, Worker


class Crew(Worker, Protocol):
    """The `Worker` protocol, and more than one dream at a time. What is begun comes back from `poll`, in any order, exactly once, as
    DreamFinished or DreamFailed."""

    @property
    def model(self) -> ModelInfo:
        """The model that all of its members have."""
        ...

    @property
    def room(self) -> int:
        """How many more requests keep it busy. More may be begun; they wait."""
        ...

    def begin(self, request: Request) -> None:
        """Dream a request, besides those that were begun before."""
        ...
