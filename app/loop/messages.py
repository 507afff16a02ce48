"""The messages between painter and worker, as frozen data, so that a worker could also be another process or machine."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from app.session import ModelChoice
from base.errors import InputError
from diffusion.canvas import Canvas, Dreamed
from diffusion.settings import DreamSettings
from diffusion.text2image.recipe import GenerateSettings, Recipe
from engine.atlas.views import GatheredSheet, GatheredView

if TYPE_CHECKING:
    from diffusion.introspection.ablation import Ablation
    from diffusion.introspection.concepts import Concepts
    from diffusion.introspection.unet_probe import Block, UnetProbe  # which needs torch


@dataclass(frozen=True)
class ModelInfo:
    """The facts about a model that the program needs; see `diffusion.models.model.Model`.

    multiple, native: pixels; dreams: False if no model is loaded and this only describes the one that painted a world
    """

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
    controls: int = 0
    adapter: bool = False
    dreams: bool = True

    @property
    def sketch_steps(self) -> int:
        """Minimum number of steps for a recognisable sketch: two for a model that knows surfaces, four for others."""
        return self.few_steps or (2 if self.knows_surfaces else 4)


@dataclass(frozen=True)
class Request:
    """A request to dream `canvas`, which was made from `gathered`. id: unique and increasing.

    beside: by the model that was loaded beside the worker's own; model: a name of what dreams it where two models are compared
    follows: whether it does not depend on the request before, so that a worker may dream both at once
    """

    id: int
    gathered: GatheredView | GatheredSheet
    canvas: Canvas
    settings: DreamSettings
    beside: bool = False
    model: str = ""
    follows: bool = False


@dataclass(frozen=True)
class Status:
    """A sentence about the worker's state; `model` is set once the model is ready."""

    text: str
    model: ModelInfo | None = None


@dataclass(frozen=True)
class PreviewOptions:
    """What previews contain. decoded: pictures by the decoder instead of the linear map, as time allows; closely: also each
    step's start and the regions' predictions."""

    decoded: bool = False
    closely: bool = False


@dataclass(frozen=True)
class Part:
    """The prediction for one region's prompt, uint8 [h,w,3]."""

    prompt: str
    image: np.ndarray


@dataclass(frozen=True)
class Preview:
    """A running dream after `step` of `steps`. image: uint8 [h,w,3], latent resolution or larger; sigma: noise left.

    decoded: the image is the decoder's; change: mean difference of the prediction to the step before, in units of the latents;
    guidance: mean |cond − uncond|, NaN without the second; noisy: what the step started from, uint8 [h,w,3]; parts: the regions'
    predictions; these two only if `PreviewOptions.closely`. start, denoised: what the step started from and its prediction,
    float32 [C,h,w];
    sketch: for a decoded image also the linear map's, uint8 [h,w,3].
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
    denoised: np.ndarray | None = None


@dataclass(frozen=True)
class PartBegun:
    """A running dream started one of `diffusion.canvas.DREAM_PARTS`."""

    id: int
    part: str


@dataclass(frozen=True)
class DreamFinished:
    request: Request
    dreamed: Dreamed


@dataclass(frozen=True)
class DreamFailed:
    """A dream failed, or loading the model (request None). problem: one sentence; traceback: for the log."""

    request: Request | None
    problem: str
    traceback: str


@dataclass(frozen=True)
class NoisingRequest:
    """A picture to be noised to the level of each step of a run. picture: uint8 [8h,8w,3], as large as the canvas; settings: of the
    run, from `start_at` to `end_at`."""

    picture: np.ndarray
    settings: DreamSettings


@dataclass(frozen=True)
class NoisedSteps:
    """steps: the step that begins at each level, counted from 0; sigmas: the levels, falling; pictures: uint8 [h,w,3] or larger, the
    latents of each level, scaled as the model sees them."""

    steps: tuple[int, ...]
    sigmas: tuple[float, ...]
    pictures: tuple[np.ndarray, ...]


@dataclass(frozen=True)
class InspectionRequest:
    """A request to probe the network at one step of a dream.

    dream: the dream's id; step: the step's number; the rest is what `diffusion.introspection.unet_probe` needs.
    cut: also what is lost without connections; predictions: of all steps, float32 [C,h,w], to be named; () if they aren't;
    decoder: also how the step's prediction is decoded; noising: also a picture at the noise level of each step
    """

    dream: int
    step: int
    canvas: Canvas
    settings: DreamSettings
    start: np.ndarray
    sigma: float
    cut: bool = False
    predictions: tuple[np.ndarray, ...] = ()
    decoder: bool = False
    noising: NoisingRequest | None = None


@dataclass(frozen=True)
class InspectionResult:
    """The result of a probe. inside: None if it failed; problem: then one sentence that says why; ablation, concepts, noised: () or
    None where they were not asked for; decoder: likewise, and for autoencoders of other kinds."""

    asked: InspectionRequest
    inside: UnetProbe | None
    problem: str = ""
    ablation: tuple[Ablation, ...] = ()
    concepts: tuple[Concepts, ...] = ()
    decoder: tuple[Block, ...] = ()
    noised: NoisedSteps | None = None


@dataclass(frozen=True)
class PictureRequest:
    """A request for a single picture. id: unique and increasing; every: steps between two previews, 0 = none.

    source: a PNG that such a request made, which is enlarged as the settings say, and not dreamed again
    """

    id: int
    settings: GenerateSettings
    every: int = 0
    source: Path | None = None


@dataclass(frozen=True)
class PicturePreview:
    """A picture after `step` of `steps`. image: uint8 [H,W,3] by the decoder, or None where none was asked for."""

    id: int
    step: int
    steps: int
    image: np.ndarray | None = None


@dataclass(frozen=True)
class PictureMade:
    """image: uint8 [H,W,3]; recipe: what its PNG stores; calls: of the model; seconds: that it took."""

    request: PictureRequest
    image: np.ndarray
    recipe: Recipe
    calls: int
    seconds: float


@dataclass(frozen=True)
class PictureFailed:
    """problem: one sentence; traceback: for the log."""

    request: PictureRequest
    problem: str
    traceback: str


@dataclass(frozen=True)
class ModelOrder:
    """A request to load a model. id: unique and increasing; choice: what is loaded, its LoRAs files alone; beside: the present one
    stays, and only requests that say so are dreamed with the other."""

    id: int
    choice: ModelChoice
    beside: bool = False


@dataclass(frozen=True)
class ModelProgress:
    """A model is being loaded. part: the network that is read now, for people; share: 0..1, of the bytes before it."""

    order: ModelOrder
    part: str
    share: float


@dataclass(frozen=True)
class ModelReplaced:
    """The worker now dreams with this model. It dropped waiting requests, because they were made for the previous one."""

    order: ModelOrder
    model: ModelInfo


@dataclass(frozen=True)
class ModelBeside:
    """The model of an order is loaded beside the worker's own."""

    order: ModelOrder
    model: ModelInfo


@dataclass(frozen=True)
class ModelKept:
    """The model could not be replaced; the previous one stays. problem: one sentence, "" if the order was cancelled."""

    order: ModelOrder
    problem: str = ""
    traceback: str = ""


PREVIEWS = 64  # maximum number of previews between two polls; frames poll more often than this fills up
ModelMessage = ModelProgress | ModelReplaced | ModelBeside | ModelKept
PictureMessage = PicturePreview | PictureMade | PictureFailed
Message = Status | Preview | PartBegun | DreamFinished | DreamFailed | InspectionResult | PictureMessage | ModelMessage


class Worker(Protocol):
    """The owner of the model. Every method returns at once, except `InlineWorker.poll`."""

    def submit(self, request: Request) -> None:
        """Request a dream. It replaces requests that are still waiting, unless it follows them (`Request.follows`)."""
        ...

    def cancel(self) -> None:
        """Drop the waiting requests, and stop the running dreams at their next model call; none gets a result."""
        ...

    def poll(self) -> list[Message]:
        """Messages since the last poll, in order, with at most the latest `PREVIEWS` previews."""
        ...

    def watch(self, how: PreviewOptions) -> None:
        """Set what previews contain from now on."""
        ...

    def inspect(self, asked: InspectionRequest | None) -> None:
        """Probe the network once no dream waits or runs. It replaces a request that is still waiting; None drops that."""
        ...

    def generate(self, asked: PictureRequest) -> None:
        """Generate a single picture, after those that wait already. Pictures and dreams of views take turns."""
        ...

    def cancel_pictures(self) -> None:
        """Drop all pictures that wait, and stop the running one at its next model call; none gets a result."""
        ...

    def load_model(self, order: ModelOrder) -> None:
        """Load another model after the running work, in place of the present one or beside it. Replaces a waiting order. Call
        `cancel` first to stop the running dream. A model that is already loaded beside the present one is reused."""
        ...

    def drop_beside(self) -> None:
        """Free the model that was loaded beside the present one, if there is one."""
        ...

    def cancel_model(self) -> None:
        """Stop loading before the next part; the previous model stays. Has no effect once the model is replaced."""
        ...

    def close(self) -> None:
        """Stop all work and end. May be called again."""
        ...


Emit = Callable[[Message], None]


def id_of(message: Message) -> int | None:
    """Return the id of the dream that a message is about; None for other messages."""
    if isinstance(message, Preview | PartBegun):
        return message.id
    request = message.request if isinstance(message, DreamFinished | DreamFailed) else None
    return request.id if request is not None else None


def sentence(error: BaseException) -> str:
    """Describe an exception in one line, with its type unless it is an InputError."""
    text = " ".join(str(error).split())
    return (
        text if isinstance(error, InputError) else f"{type(error).__name__}: {text}" if text else type(error).__name__
    )
