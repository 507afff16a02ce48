"""What crosses between painter and worker: frozen data only, so that a worker could be a process or another machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from diffusion.canvas import Canvas, Dreamed
from diffusion.settings import DreamSettings
from engine.atlas.views import GatheredView

if TYPE_CHECKING:
    from diffusion.introspection.unet_probe import UnetProbe  # which needs torch


@dataclass(frozen=True)
class ModelInfo:
    """What one must know of a model to ask it for a dream; see `diffusion.models.model.Model`. multiple, native: pixels."""

    id: str
    space: str
    channels: int
    multiple: int
    native: int
    takes_depth: bool
    device: str
    few_steps: int = 0
    knows_surfaces: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """Dream `canvas`, which was made from `gathered` (its camera and volume revision go with it). id: rises, unique."""

    id: int
    gathered: GatheredView
    canvas: Canvas
    settings: DreamSettings


@dataclass(frozen=True)
class Status:
    """A plain sentence about the worker itself; `model` is set once the model is ready."""

    text: str
    model: ModelInfo | None = None


@dataclass(frozen=True)
class Watch:
    """How closely a dream is looked at. decoded: pictures by the decoder, as its time allows, instead of the linear map;
    closely: what the picture comes from is shown too."""

    decoded: bool = False
    closely: bool = False


@dataclass(frozen=True)
class Part:
    """What one region's prompt predicts, uint8 [h,w,3]."""

    prompt: str
    image: np.ndarray


@dataclass(frozen=True)
class Preview:
    """A running dream after `step` of `steps`. image: uint8 [h,w,3], latent resolution or larger; sigma: noise left.

    decoded: the image is the decoder's; change: mean difference of the prediction to the step before, in units of the latents;
    guidance: mean |cond − uncond|, NaN without the second; noisy: what the step started from, uint8 [h,w,3]; parts: the regions'
    predictions. These two only while somebody watches closely. start: what the step started from, float32 [C,h,w]; sketch: beside a
    decoded image the linear map's, uint8 [h,w,3].
    """

    id: int
    step: int
    steps: int
    sigma: float
    image: np.ndarray
    decoded: bool = False
    change: float = 0.0
    guidance: float = math.nan
    noisy: np.ndarray | None = None
    parts: tuple[Part, ...] = ()
    start: np.ndarray | None = None
    sketch: np.ndarray | None = None


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


@dataclass(frozen=True)
class Inspection:
    """Ask the worker to look into the network at one step of a dream.

    dream: the dream's id; step: the step's number; the rest is what `diffusion.introspection.unet_probe` needs.
    """

    dream: int
    step: int
    canvas: Canvas
    settings: DreamSettings
    start: np.ndarray
    sigma: float


@dataclass(frozen=True)
class Inspected:
    """inside: None when it failed; problem: one sentence about that."""

    asked: Inspection
    inside: UnetProbe | None
    problem: str = ""


PREVIEWS = 64  # that may wait to be polled: more than any frame leaves
Message = Status | Preview | Finished | Failed | Inspected


class Worker(Protocol):
    """Who owns the model. Every method returns at once, except `InlineWorker.poll`, for programs without a window."""

    def submit(self, request: Request) -> None:
        """Ask for a dream; it takes the place of one that is still waiting (the latest wins)."""
        ...

    def cancel(self) -> None:
        """Abandon the dream that waits, and the running one at its next model call; neither will be answered."""
        ...

    def poll(self) -> list[Message]:
        """What happened since the last poll, in order; of previews no more than the latest `PREVIEWS`."""
        ...

    def watch(self, how: Watch) -> None:
        """What previews hold from now on."""
        ...

    def inspect(self, asked: Inspection | None) -> None:
        """Look into the network when no dream waits or runs; it takes the place of what was asked before. None forgets that."""
        ...

    def close(self) -> None:
        """Abandon everything and end. Idempotent."""
        ...


Emit = Callable[[Message], None]
