"""The worker of commands without a window: it dreams within the call, without a thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.loop.answers import Dream, Probe, answer, dream_of, info_of, probe_of, report
from app.loop.messages import (
    InspectionRequest,
    Message,
    ModelBeside,
    ModelOrder,
    ModelReplaced,
    PictureRequest,
    PreviewOptions,
    Request,
    Status,
)
from app.loop.model_loading import load_choice, load_ordered
from app.loop.picture_jobs import Generate, PictureQueue, generate_of, make_picture
from app.loop.worker import EMBEDDED, LoadChoice


class InlineWorker:
    """The `Worker` protocol without a thread: `poll` dreams the waiting request to its end. For headless use.

    cancelled: asked before every call of the model; it may raise KeyboardInterrupt.
    """

    def __init__(
        self,
        model: Any,
        dream: Dream = dream_of,
        *,
        look: Probe = probe_of,
        generate: Generate = generate_of,
        load_choice: LoadChoice = load_choice,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._load_choice = load_choice
        self._order: ModelOrder | None = None
        self._beside: Any = None
        self._model, self._dream, self._look, self._cancelled = model, dream, look, cancelled
        self._generate, self._pictures = generate, PictureQueue()
        self._waiting: Request | None = None
        self._asked: InspectionRequest | None = None
        self._announced = False

    def submit(self, request: Request) -> None:
        self._waiting = request

    def cancel(self) -> None:
        self._waiting = None

    def inspect(self, asked: InspectionRequest | None) -> None:
        self._asked = asked

    def generate(self, asked: PictureRequest) -> None:
        self._pictures.add(asked)

    def cancel_pictures(self) -> None:
        self._pictures.cancel()

    def load_model(self, order: ModelOrder) -> None:
        self._order = order

    def cancel_model(self) -> None:
        self._order = None

    def drop_beside(self) -> None:
        self._beside = None

    def watch(self, how: PreviewOptions) -> None:
        """Do nothing: this worker emits its messages only after the dream."""

    def poll(self) -> list[Message]:
        messages: list[Message] = []
        if not self._announced:
            self._announced = True
            messages.append(Status(f"the model {self._model.id} is ready", info_of(self._model)))
        order, self._order = self._order, None
        if order is not None:
            keep, never = (lambda choice: True), lambda: False
            model = load_ordered(order, self._load_choice, messages.append, never, lambda: None, keep)
            if model is not None and order.beside:
                self._beside = model
                messages.append(ModelBeside(order, info_of(model)))
            elif model is not None:
                self._model = model
                messages.append(ModelReplaced(order, info_of(model)))
        request, self._waiting = self._waiting, None
        if request is not None:
            model = self._beside if request.beside and self._beside is not None else self._model
            answer(model, request, self._dream, messages.append, self._cancelled)
        if (picture := self._pictures.take()) is not None:
            make_picture(self._model, picture, EMBEDDED, self._generate, messages.append, self._cancelled)
        asked, self._asked = self._asked, None
        if asked is not None and (inspected := report(self._model, asked, self._look, self._cancelled)) is not None:
            messages.append(inspected)
        return messages

    def close(self) -> None:
        self._waiting = self._asked = None
