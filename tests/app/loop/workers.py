"""What tests of workers share: waiting for messages, requests, and stand-ins for what a worker calls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from app.loop.messages import (
    InspectionRequest,
    Message,
    ModelOrder,
)
from app.session import ModelChoice
from diffusion.canvas import Cancelled
from tests.app.conftest import FakeModel


def wait(worker, until: Callable[[list[Message]], bool], seconds: float = 20.0) -> list[Message]:
    """All messages, polled until they satisfy `until`."""
    messages: list[Message] = []
    end = time.monotonic() + seconds
    while not until(messages):
        assert time.monotonic() < end, f"only {messages}"
        messages += worker.poll()
        time.sleep(0.002)
    return messages


def has(kind: type) -> Callable[[list[Message]], bool]:
    return lambda messages: any(isinstance(m, kind) for m in messages)


class FakeProbe:
    """Stands in for `diffusion.introspection.unet_probe.probe_unet`.

    Waits at its one block until `gate` is open, then asks whether to go on; raises `error`.
    """

    def __init__(self) -> None:
        self.gate, self.started = threading.Event(), threading.Event()
        self.gate.set()
        self.error: Exception | None = None

    def __call__(self, model, canvas, settings, start, sigma, *, cancelled):
        self.started.set()
        self.gate.wait(20)
        if cancelled():
            raise Cancelled
        if self.error is not None:
            raise self.error
        return start, sigma


def inspection(request, step: int = 1) -> InspectionRequest:
    return InspectionRequest(request.id, step, request.canvas, request.settings, request.canvas.noise, float(step))


class FakeLoad:
    """Plays `app.loop.model_loading.load_choice`: one part after the other, each once `gate` is open; raises `errors`, the first first."""

    def __init__(self) -> None:
        self.gate, self.started = threading.Event(), threading.Event()
        self.gate.set()
        self.errors: list[BaseException] = []
        self.loaded: list[str | None] = []

    def __call__(self, choice: ModelChoice, report) -> FakeModel:
        self.loaded.append(choice.ref)
        for n, part in enumerate(("U-Net", "VAE")):
            report(part, n / 2)
            self.started.set()
            self.gate.wait(20)
        if self.errors:
            raise self.errors.pop(0)
        return FakeModel(id=choice.ref or "embedded", space="other")


def order(number: int, ref: str = "second") -> ModelOrder:
    return ModelOrder(number, ModelChoice(ref))
