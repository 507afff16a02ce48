"""What all workers do: dream a request and tell of it, probe the network, and describe their model."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from app.loop.inspection import inspect_further
from app.loop.messages import (
    DreamFailed,
    DreamFinished,
    Emit,
    InspectionRequest,
    InspectionResult,
    ModelInfo,
    PartBegun,
    PreviewOptions,
    Request,
    sentence,
)
from app.loop.previews import PreviewEmitter, Throttle
from diffusion.canvas import Cancelled, Dreamed

Dream = Callable[..., Dreamed]  # diffusion.dream.dream, or a test's replacement
Probe = Callable[..., Any]  # diffusion.introspection.unet_probe.probe_unet, or a test's replacement


def dream_of(model: Any, canvas: Any, settings: Any, **hooks: Any) -> Dreamed:
    """`diffusion.dream.dream`, imported (with torch) in the thread that first calls it."""
    from diffusion.dream import dream

    return dream(model, canvas, settings, **hooks)


def probe_of(model: Any, canvas: Any, settings: Any, start: Any, sigma: float, **hooks: Any) -> Any:
    """`diffusion.introspection.unet_probe.probe_unet`, imported likewise."""
    from diffusion.introspection.unet_probe import probe_unet

    return probe_unet(model, canvas, settings, start, sigma, **hooks)


def info_of(model: Any) -> ModelInfo:
    return ModelInfo(
        id=model.id,
        space=model.space,
        channels=model.channels,
        multiple=model.multiple,
        native=model.native,
        takes_depth=model.takes_depth,
        device=str(model.device),
        few_steps=model.few_steps,
        knows_surfaces=model.knows_surfaces,
        defaults=model.defaults,
        controls=len(model.controls),
        adapter=model.style is not None,
    )


def answer(
    model: Any,
    request: Request,
    dream: Dream,
    emit: Emit,
    cancelled: Callable[[], bool],
    how: Callable[[], PreviewOptions] = PreviewOptions,
    throttle: Throttle | None = None,
) -> None:
    """Dream one request; emit previews as `how` asks, then the result, unless the request was cancelled."""
    throttle = throttle or Throttle()
    emitter = PreviewEmitter(model, request.id, emit, how, throttle)
    throttle.start()
    hooks = {"on_step": emitter, "cancelled": cancelled, "on_part": lambda part: emit(PartBegun(request.id, part))}
    try:
        emit(DreamFinished(request, dream(model, request.canvas, request.settings, **hooks)))
    except Cancelled:
        pass
    except Exception as error:
        emit(DreamFailed(request, sentence(error), traceback.format_exc()))


def report(model: Any, asked: InspectionRequest, look: Probe, cancelled: Callable[[], bool]) -> InspectionResult | None:
    """Run a probe of the network; None if it was cancelled."""
    try:
        inside = look(model, asked.canvas, asked.settings, asked.start, asked.sigma, cancelled=cancelled)
        return InspectionResult(asked, inside, **inspect_further(model, asked, inside, cancelled))
    except Cancelled:
        return None
    except Exception as error:
        return InspectionResult(asked, None, sentence(error))
