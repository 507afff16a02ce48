"""The worker's promises: latest wins, cancel between calls, failures are messages, nothing of a cancelled dream arrives."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.loop.messages import (
    DreamFailed,
    DreamFinished,
    InspectionResult,
    ModelReplaced,
    Preview,
    Request,
    Status,
)
from app.loop.worker import ThreadWorker
from tests.app.conftest import FakeModel
from tests.app.loop.workers import has, inspection, order, wait


def test_it_says_that_it_loads_and_which_model_it_has(worker, fake_model) -> None:
    messages = wait(worker, lambda found: any(isinstance(m, Status) and m.model for m in found))
    assert [m.text for m in messages] == ["loading the model", "the model fake is ready"]
    assert messages[-1].model.channels == fake_model.channels


def test_a_request_is_answered_with_what_was_asked(worker, request_of) -> None:
    request = request_of(7)
    worker.submit(request)
    finished = wait(worker, has(DreamFinished))[-1]
    assert finished.request is request
    assert finished.dreamed.calls == 3


def test_the_latest_of_the_waiting_requests_wins(worker, fake_dream, request_of) -> None:
    fake_dream.gate.clear()
    worker.submit(request_of(0))
    assert fake_dream.started.wait(20)
    for number in (1, 2, 3):
        worker.submit(request_of(number, steps=number))
    fake_dream.gate.set()
    messages = wait(worker, lambda found: sum(isinstance(m, DreamFinished) for m in found) == 2)
    assert [m.request.id for m in messages if isinstance(m, DreamFinished)] == [0, 3]


def test_a_cancelled_dream_stops_at_its_next_call_and_says_nothing_more(worker, fake_dream, request_of) -> None:
    fake_dream.gate.clear()
    worker.submit(request_of(0))
    assert fake_dream.started.wait(20)
    worker.cancel()
    worker.submit(request_of(1))
    fake_dream.gate.set()
    messages = wait(worker, has(DreamFinished))
    assert {m.request.id for m in messages if isinstance(m, DreamFinished)} == {1}
    assert all(m.id == 1 for m in messages if isinstance(m, Preview))


def test_a_result_that_was_cancelled_after_it_was_ready_is_dropped(worker, request_of) -> None:
    worker.submit(request_of(0))
    end = time.monotonic() + 20
    while worker._results.empty():
        assert time.monotonic() < end
        time.sleep(0.002)
    worker.cancel()
    assert not [m for m in worker.poll() if isinstance(m, DreamFinished | Preview)]


def test_a_failure_comes_with_its_traceback_and_the_worker_lives_on(worker, fake_dream, request_of) -> None:
    fake_dream.error = ValueError("no such colour")
    worker.submit(request_of(0))
    failed = wait(worker, has(DreamFailed))[-1]
    assert failed.problem == "ValueError: no such colour"
    assert "Traceback" in failed.traceback
    fake_dream.error = None
    worker.submit(request_of(1))
    assert wait(worker, has(DreamFinished))[-1].request.id == 1


def test_a_model_that_cannot_be_loaded_is_a_failure_without_a_request() -> None:
    def load():
        raise OSError("no such folder")

    worker = ThreadWorker(load, threads=None)
    failed = wait(worker, has(DreamFailed))[-1]
    assert failed.request is None
    assert "no such folder" in failed.problem
    worker.close()


def test_closing_ends_the_thread_even_in_the_middle_of_a_dream(fake_model, fake_dream, request_of) -> None:
    worker = ThreadWorker(lambda: fake_model, fake_dream, threads=None)
    fake_dream.gate.clear()
    worker.submit(request_of(0))
    assert fake_dream.started.wait(20)
    worker._closed = True
    fake_dream.gate.set()
    worker.close()
    worker.close()
    assert not worker._thread.is_alive()


@pytest.fixture
def helped(fake_model, fake_dream) -> Iterator[ThreadWorker]:
    """A worker with a second thread, at a dream that stands still."""
    worker = ThreadWorker(lambda: fake_model, fake_dream, threads=None, helped=True)
    fake_dream.gate.clear()
    yield worker
    fake_dream.gate.set()
    worker.close()


def following(request: Request) -> Request:
    return replace(request, follows=True)


def begun(fake_dream, count: int) -> bool:
    """Whether so many dreams begin."""
    end = time.monotonic() + 20
    while len(fake_dream.asked) < count and time.monotonic() < end:
        time.sleep(0.002)
    return len(fake_dream.asked) == count


def test_what_follows_is_dreamed_beside_the_running_dream_and_after_it(helped, fake_dream, request_of) -> None:
    helped.submit(request_of(0))
    assert begun(fake_dream, 1)
    helped.submit(following(request_of(1)))
    assert begun(fake_dream, 2)
    helped.submit(following(request_of(2)))
    fake_dream.gate.set()
    messages = wait(helped, lambda found: sum(isinstance(m, DreamFinished) for m in found) == 3)
    assert sorted(m.request.id for m in messages if isinstance(m, DreamFinished)) == [0, 1, 2]


def test_what_does_not_follow_waits_and_replaces_what_waits(helped, fake_dream, request_of) -> None:
    helped.submit(request_of(0))
    assert begun(fake_dream, 1)
    helped.submit(request_of(1))
    helped.submit(following(request_of(2)))  # follows one that waits
    helped.submit(request_of(3))
    fake_dream.gate.set()
    messages = wait(helped, lambda found: sum(isinstance(m, DreamFinished) for m in found) == 2)
    assert [m.request.id for m in messages if isinstance(m, DreamFinished)] == [0, 3]


def test_both_dreams_stop_when_they_are_cancelled(helped, fake_dream, request_of) -> None:
    helped.submit(request_of(0))
    assert begun(fake_dream, 1)
    helped.submit(following(request_of(1)))
    assert begun(fake_dream, 2)
    helped.cancel()
    helped.submit(request_of(2))
    fake_dream.gate.set()
    messages = wait(helped, has(DreamFinished))
    assert {m.request.id for m in messages if isinstance(m, DreamFinished)} == {2}


def test_the_network_is_not_probed_while_the_second_thread_uses_it(fake_model, fake_dream, probe, request_of) -> None:
    second = threading.Event()

    def dream(model, canvas, settings, **hooks):
        if settings.steps == 5:
            second.wait(20)
        return fake_dream(model, canvas, settings, **hooks)

    worker = ThreadWorker(lambda: fake_model, dream, look=probe, threads=None, helped=True)
    try:
        fake_dream.gate.clear()
        worker.submit(request_of(0))
        assert begun(fake_dream, 1)
        worker.submit(following(request_of(1, steps=5)))
        while not worker._helping:
            time.sleep(0.002)
        worker.inspect(inspection(request_of(0)))
        fake_dream.gate.set()
        wait(worker, has(DreamFinished))
        assert not probe.started.wait(0.1)
        second.set()
        wait(worker, has(InspectionResult))
    finally:
        second.set()
        worker.close()


def test_what_needs_the_model_alone_comes_in_between(helped, fake_dream, request_of, monkeypatch) -> None:
    """Two threads that take turns would never let go of it."""
    dreams_before: list[int] = []

    def load_choice(choice, report) -> FakeModel:
        dreams_before.append(len(fake_dream.asked))
        return FakeModel(id="second")

    monkeypatch.setattr(helped, "_load_choice", load_choice)
    helped.submit(request_of(0))
    assert begun(fake_dream, 1)
    helped.submit(following(request_of(1)))
    assert begun(fake_dream, 2)
    helped.load_model(order(0))
    helped.submit(following(request_of(2)))
    fake_dream.gate.set()
    wait(helped, has(ModelReplaced))
    assert dreams_before == [2]


def test_a_model_on_a_graphics_card_dreams_one_after_the_other(fake_model, fake_dream, request_of) -> None:
    fake_model.device = "cuda"
    worker = ThreadWorker(lambda: fake_model, fake_dream, threads=None, helped=True)
    try:
        fake_dream.gate.clear()
        worker.submit(request_of(0))
        assert begun(fake_dream, 1)
        worker.submit(following(request_of(1)))
        time.sleep(0.05)
        assert len(fake_dream.asked) == 1
        fake_dream.gate.set()
        wait(worker, lambda found: sum(isinstance(m, DreamFinished) for m in found) == 2)
    finally:
        fake_dream.gate.set()
        worker.close()
