"""A dream: from a canvas and its settings to latents and a picture. Everything else in this folder is a part of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from diffusion.canvas import Canvas, Dreamed
from diffusion.canvas_check import check_canvas
from diffusion.compositing.blend_seams import blend_seams
from diffusion.compositing.decode_per_region import decode_per_region
from diffusion.compositing.extend_occluded import extend_occluded
from diffusion.compositing.remove_sky_halos import remove_sky_halos
from diffusion.compositing.stored_colours import guide_latents
from diffusion.compositing.suppress_colour_bleed import suppress_colour_bleed
from diffusion.denoisers.differential import paste_back
from diffusion.denoisers.few_step import effective_settings, uses_few_step
from diffusion.dream_run import DreamRun
from diffusion.models.model import Model, as_image
from diffusion.models.surface_model import SurfaceModel
from diffusion.models.surface_view import with_exact_shares
from diffusion.sampling.callbacks import StepEvent
from diffusion.sampling.denoiser import Denoise
from diffusion.settings import DreamSettings

# A pass over the decoded picture: (picture float32 [3,H,W] in -1..1, canvas, settings) → picture.
PicturePass = Callable[[Tensor, Canvas, DreamSettings], Tensor]
# The passes in their order. Each works without the others; `dream` can be given fewer.
PICTURE_PASSES: tuple[PicturePass, ...] = (
    lambda picture, canvas, settings: remove_sky_halos(picture, canvas),
    lambda picture, canvas, settings: suppress_colour_bleed(picture, canvas),
    lambda picture, canvas, settings: blend_seams(picture, canvas, settings.match),
)
# A model that knows surfaces keeps sky and colours apart by itself.
SURFACE_PASSES = PICTURE_PASSES[-1:]


@torch.inference_mode()
def dream(
    model: Model,
    canvas: Canvas,
    settings: DreamSettings,
    *,
    on_step: Callable[[StepEvent], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    on_part: Callable[[str], None] | None = None,
    passes: Sequence[PicturePass] | None = None,
) -> Dreamed:
    """Diffuse a canvas, whose sides are multiples of model.multiple.

    on_step: called after each step; cancelled: asked before every model call; on_part: called when one of DREAM_PARTS begins
    passes: what happens to the decoded picture; None: SURFACE_PASSES for a model that knows surfaces, PICTURE_PASSES for others

    A canvas that keeps all of its stored latents costs no U-Net call and comes back bit for bit. One that keeps everything, but
    knows only the colours, is encoded.
    Raises Cancelled, ModelError (NaN or infinity; names step and sigma), ValueError (a canvas that contradicts itself).
    """
    started = time.perf_counter()
    account = _Account(model, on_part)
    account.begin("preparing")
    check_canvas(model, canvas, settings)
    settings, few_step = _for_network(model, canvas, settings)
    guide = canvas.guide
    stored = None if guide is None else guide.latents
    picture = _whole_picture(canvas)
    if not bool((canvas.change > 0).any()):
        if stored is not None:
            latents = torch.from_numpy(stored)
            return account.result(latents, model.decode(latents) if picture is None else picture, 0.0, started)
        if picture is not None:
            return account.result(model.encode(picture).cpu(), picture, 0.0, started)
    prepared = _prepare(model, canvas)
    run = DreamRun(
        model, prepared, settings, few_step, guide_latents(model, prepared, settings.memory), on_step, cancelled
    )
    account.begin("steps")
    result = run.sample()
    # Decoded before the stored latents are pasted back: those belong to another view and would disturb their neighbours here
    account.begin("decoding")
    decoded = _decode(model, result, prepared)
    account.begin("blending")
    if passes is None:
        passes = SURFACE_PASSES if model.knows_surfaces else PICTURE_PASSES
    for apply in passes:
        decoded = apply(decoded, canvas, settings)
    kept = result if run.captured is None else run.captured
    if stored is not None:
        change = torch.from_numpy(np.ascontiguousarray(canvas.change)).float().to(model.device)
        kept = paste_back(kept, torch.from_numpy(stored)[None].to(model.device), change)
    return account.result(kept[0].float().cpu(), as_image(decoded), run.steps_taken, started)


def make_unguided_denoiser(
    model: Model, canvas: Canvas, settings: DreamSettings, cancelled: Callable[[], bool] | None = None
) -> Denoise:
    """A denoiser for a dream's regions without guidance, guide or windows: one model call for all regions, at any (x, sigma).

    It uses the same network as the dream, which may be the few-step one.
    """
    settings, few_step = _for_network(model, canvas, settings)
    settings = replace(settings, execution="attention", window=0)
    run = DreamRun(model, _prepare(model, canvas), settings, few_step, None, None, cancelled)
    composer = run.compose_regions(run.canvas.regions, lambda t: t, ("positive",))
    return lambda x, sigma: composer(sigma).branches(x, sigma, ("positive",))["positive"]


@torch.inference_mode()
def decode_prediction(model: Model, canvas: Canvas, denoised: Tensor) -> np.ndarray:
    """uint8 [H,W,3]: what a dream of this canvas predicts at some step, decoded as its result is. denoised: [1,C,h,w]"""
    return as_image(_decode(model, denoised.to(model.device), _prepare(model, canvas)))


def _prepare(model: Model, canvas: Canvas) -> Canvas:
    """The canvas as the network gets it. One that knows surfaces applies each prompt exactly where it belongs; for others,
    surfaces continue behind what is kept in front of them."""
    return with_exact_shares(canvas) if model.knows_surfaces else extend_occluded(canvas)


def _decode(model: Model, latents: Tensor, canvas: Canvas) -> Tensor:
    """float32 [3,H,W] in about -1..1, from latents [1,C,h,w]."""
    if isinstance(model, SurfaceModel) and model.knows_surfaces:
        return model.decode_surface(latents, canvas.surface)
    return decode_per_region(model, latents, canvas)


def _for_network(model: Model, canvas: Canvas, settings: DreamSettings) -> tuple[DreamSettings, bool]:
    """The settings that take effect, and whether the few-step network paints."""
    network = model.few_steps, canvas.guide is not None
    return effective_settings(settings, *network), uses_few_step(settings, *network)


def _whole_picture(canvas: Canvas) -> np.ndarray | None:
    """The guide's colours, uint8 [H,W,3], if every pixel is painted."""
    colours = None if canvas.guide is None else canvas.guide.colours
    return colours[..., :3].copy() if colours is not None and bool((colours[..., 3] == 255).all()) else None


class _Account:
    """What the model had spent before a dream, and when its parts began, to compute what the dream spends."""

    def __init__(self, model: Model, on_part: Callable[[str], None] | None) -> None:
        self._model, self._calls, self._on_part = model, model.calls, on_part
        self._seconds, self._text = dict(model.clock.seconds), model.text.seconds
        self._began: dict[str, float] = {}

    def begin(self, part: str) -> None:
        """A part of DREAM_PARTS begins, and the one before ends."""
        self._began[part] = time.perf_counter()
        if self._on_part is not None:
            self._on_part(part)

    def result(self, latents: Tensor, image: np.ndarray, steps: float, started: float) -> Dreamed:
        seconds = {part: spent - self._seconds[part] for part, spent in self._model.clock.seconds.items()}
        now = time.perf_counter()
        seconds |= {"text": self._model.text.seconds - self._text, "total": now - started}
        ends = [*self._began.values(), now][1:]
        seconds |= {part: end - began for (part, began), end in zip(self._began.items(), ends, strict=True)}
        return Dreamed(latents.numpy(), image, steps, self._model.calls - self._calls, seconds)
