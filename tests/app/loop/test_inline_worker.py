"""The inline worker: whatever was asked is done when it is polled, and can be stopped in between."""

from __future__ import annotations

import pytest

from app.loop.inline_worker import InlineWorker
from app.loop.messages import (
    DreamFinished,
    InspectionResult,
    ModelKept,
    ModelReplaced,
    Preview,
    Status,
)
from tests.app.loop.workers import inspection, order


def test_the_inline_worker_dreams_when_polled(fake_model, fake_dream, request_of) -> None:
    worker = InlineWorker(fake_model, fake_dream)
    worker.submit(request_of(0))
    worker.submit(request_of(1, steps=2))
    kinds = [type(m) for m in worker.poll()]
    assert kinds == [Status, Preview, Preview, DreamFinished]
    assert fake_dream.asked[0].steps == 2
    assert worker.poll() == []
    worker.submit(request_of(2))
    worker.cancel()
    assert worker.poll() == []


def test_the_inline_worker_stops_between_the_steps_of_a_dream(fake_model, fake_dream, request_of) -> None:
    def stop_at_the_second_call() -> bool:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return False

    calls: list[int] = []
    worker = InlineWorker(fake_model, fake_dream, cancelled=stop_at_the_second_call)
    worker.submit(request_of(0, steps=3))
    with pytest.raises(KeyboardInterrupt):
        worker.poll()
    assert len(calls) == 2


def test_the_inline_worker_looks_after_it_dreamed(fake_model, fake_dream, probe, request_of) -> None:
    worker = InlineWorker(fake_model, fake_dream, look=probe)
    worker.inspect(inspection(request_of(0)))
    worker.submit(request_of(1, steps=1))
    assert [type(m) for m in worker.poll()] == [Status, Preview, DreamFinished, InspectionResult]
    assert worker.poll() == []


def test_the_inline_worker_replaces_its_model_when_polled(fake_model, fake_dream, loading, request_of) -> None:
    worker = InlineWorker(fake_model, fake_dream, load_choice=loading)
    worker.load_model(order(0))
    assert isinstance(worker.poll()[-1], ModelReplaced) and worker._model.id == "second"
    loading.errors = [ValueError("no")]
    worker.load_model(order(1, "third"))
    assert isinstance(worker.poll()[-1], ModelKept) and worker._model.id == "second"
