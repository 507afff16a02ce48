"""Single pictures, made in turn with dreams of views: the queue of requests, and generating one picture."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.loop.chosen_model import recipe_fields
from app.loop.messages import Emit, Message, PictureFailed, PictureMade, PicturePreview, PictureRequest, sentence
from app.session import ModelChoice
from diffusion.canvas import Cancelled

Generate = Callable[..., Any]  # diffusion.text2image.generate.generate, or a test's replacement


def generate_of(model: Any, settings: Any, **hooks: Any) -> Any:
    """`diffusion.text2image.generate.generate`, imported (with torch) in the thread that first calls it."""
    from diffusion.text2image.generate import generate

    return generate(model, settings, **hooks)


def make_picture(
    model: Any,
    request: PictureRequest,
    choice: ModelChoice,
    generate: Generate,
    emit: Emit,
    cancelled: Callable[[], bool],
) -> None:
    """Generate or enlarge one picture; emit its previews and the result. A cancelled one emits no result.

    choice: what the model was loaded with, for the picture's recipe
    """

    def on_step(event: Any) -> None:
        step, steps = event.step + 1, event.steps
        shown = request.every and (step % request.every == 0 or step == 1) and step < steps
        image = model.preview(event.denoised[0]) if shown else None
        emit(PicturePreview(request.id, step, steps, image))

    named = recipe_fields(choice)
    try:
        if request.source is not None:
            emit(enlarge_picture(model, request, request.source, emit, cancelled))
            return
        made = generate(model, request.settings, **named, on_step=on_step, cancelled=cancelled)
        seconds = made.dreamed.seconds["total"]
        emit(PictureMade(request, made.image, made.recipe, made.dreamed.calls, seconds))
    except Cancelled:
        pass
    except Exception as error:
        emit(PictureFailed(request, sentence(error), traceback.format_exc()))


def enlarge_picture(
    model: Any, request: PictureRequest, source: Path, emit: Emit, cancelled: Callable[[], bool]
) -> PictureMade:
    """Enlarge the picture of a file on the model's device; emit how many of its tiles are done. Raises InputError and Cancelled."""
    from diffusion.text2image.upscaled import upscale_png

    def on_tile(done: int, total: int) -> None:
        emit(PicturePreview(request.id, done, total))

    asked, started = request.settings, time.perf_counter()
    hooks = {"on_tile": on_tile, "cancelled": cancelled}
    image, recipe = upscale_png(source, asked.upscale, asked.upscaler, model.device, **hooks)
    return PictureMade(request, image, recipe, 0, time.perf_counter() - started)


class PictureQueue:
    """Requests for pictures, first come, first served. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[PictureRequest] = deque()
        self._latest = self._abandoned = -1  # ids; those up to _abandoned are cancelled

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def add(self, request: PictureRequest) -> None:
        with self._lock:
            self._waiting.append(request)
            self._latest = request.id

    def take(self) -> PictureRequest | None:
        """The next request, or None."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def cancel(self) -> None:
        """Drop all requests, also the one that was taken last."""
        with self._lock:
            self._waiting.clear()
            self._abandoned = self._latest

    def is_cancelled(self, request: PictureRequest) -> bool:
        return request.id <= self._abandoned

    def is_abandoned(self, message: Message) -> bool:
        """Whether a message is about a picture that was cancelled."""
        if isinstance(message, PicturePreview):
            return message.id <= self._abandoned
        about = isinstance(message, PictureMade | PictureFailed)
        return about and message.request.id <= self._abandoned
