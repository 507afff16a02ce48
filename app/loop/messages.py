"""What crosses between painter and worker: frozen data only, so that a worker could be a process or another machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from diffusion.canvas import Canvas, Dreamed, DreamSettings
from engine.look import Look


@dataclass(frozen=True)
class ModelInfo:
    """What one must know of a model to ask it for a dream; see `diffusion.model.Model`. multiple, native: pixels."""

    id: str
    channels: int
    multiple: int
    native: int
    takes_depth: bool
    device: str


@dataclass(frozen=True)
class Request:
    """Dream `canvas`, which was made from `look` (its camera and volume revision go with it). id: rises, unique."""

    id: int
    look: Look
    canvas: Canvas
    settings: DreamSettings


@dataclass(frozen=True)
class Status:
    """A plain sentence about the worker itself; `model` is set once the model is ready."""

    text: str
    model: ModelInfo | None = None


@dataclass(frozen=True)
class Preview:
    """A running dream after `step` of `steps`. image: uint8 [h,w,3], latent resolution or larger; sigma: noise left."""

    id: int
    step: int
    steps: int
    sigma: float
    image: np.ndarray


@dataclass(frozen=True)
class Finished:
    request: Request
    dreamed: Dreamed


@dataclass(frozen=True)
class Failed:
    """A dream, or loading the model (request None), raised. problem: one sentence; traceback: for the log."""

    request: Request | None
    problem: str
    traceback: str


Message = Status | Preview | Finished | Failed


class Worker(Protocol):
    """Who owns the model. Every method returns at once, except `InlineWorker.poll`, for programs without a window."""

    def submit(self, request: Request) -> None:
        """Ask for a dream; it takes the place of one that is still waiting (the latest wins)."""
        ...

    def cancel(self) -> None:
        """Abandon the dream that waits, and the running one at its next model call; neither will be answered."""
        ...

    def poll(self) -> list[Message]:
        """What happened since the last poll, in order; of previews only the latest."""
        ...

    def close(self) -> None:
        """Abandon everything and end. Idempotent."""
        ...


Emit = Callable[[Message], None]
