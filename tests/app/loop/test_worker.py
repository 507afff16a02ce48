"""The worker's promises: latest wins, cancel between calls, failures are messages, nothing of a cancelled dream arrives."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable

import numpy as np
import pytest

from app.loop.inline_worker import InlineWorker
from app.loop.messages import (
    PREVIEWS,
    Failed,
    Finished,
    Inspected,
    Inspection,
    Message,
    ModelKept,
    ModelOrder,
    ModelProgress,
    ModelReplaced,
    Preview,
    Status,
    Watch,
)
from app.loop.previews import Throttle
from app.loop.worker import ThreadWorker
from app.session import ModelChoice
from base.errors import InputError
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


@pytest.fixture
def worker(fake_model, fake_dream):
    worker = ThreadWorker(lambda: fake_model, fake_dream, threads=None)
    yield worker
    fake_dream.gate.set()
    worker.close()


def test_it_says_that_it_loads_and_which_model_it_has(worker, fake_model) -> None:
    messages = wait(worker, lambda found: any(isinstance(m, Status) and m.model for m in found))
    assert [m.text for m in messages] == ["loading the model", "the model fake is ready"]
    assert messages[-1].model.channels == fake_model.channels


def test_a_request_is_answered_with_what_was_asked(worker, request_of) -> None:
    request = request_of(7)
    worker.submit(request)
    finished = wait(worker, has(Finished))[-1]
    assert finished.request is request
    assert finished.dreamed.calls == 3


def test_the_latest_of_the_waiting_requests_wins(worker, fake_dream, request_of) -> None:
    fake_dream.gate.clear()
    worker.submit(request_of(0))
    assert fake_dream.started.wait(20)
    for number in (1, 2, 3):
        worker.submit(request_of(number, steps=number))
    fake_dream.gate.set()
    messages = wait(worker, lambda found: sum(isinstance(m, Finished) for m in found) == 2)
    assert [m.request.id for m in messages if isinstance(m, Finished)] == [0, 3]


def test_a_cancelled_dream_stops_at_its_next_call_and_says_nothing_more(worker, fake_dream, request_of) -> None:
    fake_dream.gate.clear()
    worker.submit(request_of(0))
    assert fake_dream.started.wait(20)
    worker.cancel()
    worker.submit(request_of(1))
    fake_dream.gate.set()
    messages = wait(worker, has(Finished))
    assert {m.request.id for m in messages if isinstance(m, Finished)} == {1}
    assert all(m.id == 1 for m in messages if isinstance(m, Preview))


def test_a_result_that_was_cancelled_after_it_was_ready_is_dropped(worker, request_of) -> None:
    worker.submit(request_of(0))
    end = time.monotonic() + 20
    while worker._results.empty():
        assert time.monotonic() < end
        time.sleep(0.002)
    worker.cancel()
    assert not [m for m in worker.poll() if isinstance(m, Finished | Preview)]


def test_a_failure_comes_with_its_traceback_and_the_worker_lives_on(worker, fake_dream, request_of) -> None:
    fake_dream.error = ValueError("no such colour")
    worker.submit(request_of(0))
    failed = wait(worker, has(Failed))[-1]
    assert failed.problem == "ValueError: no such colour"
    assert "Traceback" in failed.traceback
    fake_dream.error = None
    worker.submit(request_of(1))
    assert wait(worker, has(Finished))[-1].request.id == 1


def test_a_model_that_cannot_be_loaded_is_a_failure_without_a_request() -> None:
    def load():
        raise OSError("no such folder")

    worker = ThreadWorker(load, threads=None)
    failed = wait(worker, has(Failed))[-1]
    assert failed.request is None
    assert "no such folder" in failed.problem
    worker.close()


def test_every_step_is_told_in_order_before_the_result(worker, request_of) -> None:
    worker.submit(request_of(0, steps=50))
    messages = wait(worker, has(Finished))
    told = [m for m in messages if isinstance(m, Preview | Finished)]
    assert [m.step for m in told[:-1]] == list(range(1, 51))
    assert all(m.change == pytest.approx(told[1].change, rel=1e-3) for m in told[1:-1])
    assert told[0].change == 0
    assert told[0].guidance == pytest.approx(0.25, rel=1e-3)


def test_of_steps_that_nobody_asks_for_only_the_last_are_kept(worker, request_of) -> None:
    worker.submit(request_of(0, steps=PREVIEWS + 30))
    end = time.monotonic() + 20
    while worker._results.empty():
        assert time.monotonic() < end
        time.sleep(0.002)
    told = [m.step for m in worker.poll() if isinstance(m, Preview)]
    assert told == list(range(31, PREVIEWS + 31))


def test_what_a_picture_comes_from_is_told_while_somebody_watches(worker, request_of) -> None:
    worker.watch(Watch(closely=True))
    request = request_of(1, steps=2)
    worker.submit(request)
    _, second = (m for m in wait(worker, has(Finished)) if isinstance(m, Preview))
    assert second.noisy.shape == second.image.shape == (*request.canvas.change.shape, 3)
    assert [part.prompt for part in second.parts] == [region.prompt for region in request.canvas.regions]
    assert not np.array_equal(second.parts[0].image, second.parts[1].image)
    worker.watch(Watch())
    worker.submit(request_of(2))
    assert all(m.noisy is None and not m.parts for m in wait(worker, has(Finished)) if isinstance(m, Preview))


def test_beside_a_decoded_picture_the_linear_maps_is_told(worker, request_of) -> None:
    worker.watch(Watch(decoded=True))
    request = request_of(1, steps=4)
    worker.submit(request)
    told = [m for m in wait(worker, has(Finished)) if isinstance(m, Preview)]
    assert told[0].decoded
    for preview in told:
        assert (preview.sketch is not None) == preview.decoded
        sketch = preview.image if preview.sketch is None else preview.sketch
        assert sketch.shape == (*request.canvas.change.shape, 3)


def test_a_throttle_never_takes_more_than_its_share_of_the_time_spent_dreaming() -> None:
    now, dreamt, spent = [0.0], 0.0, 0.0
    throttle = Throttle(0.05, lambda: now[0])
    for dream in range(40):
        throttle.start()
        for _step in range(50):
            now[0] += 0.1
            dreamt += 0.1
            if dream >= 20 and throttle.ready():  # for long nobody asked: that saves nothing up
                with throttle:
                    now[0] += 0.01
                    dreamt += 0.01
                    spent += 0.01
            if dream == 19:
                dreamt = 0.0
            assert spent <= 0.05 * dreamt + 0.021
        now[0] += 1000  # between two dreams nothing is earned
    assert spent > 0.045 * dreamt


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


def test_the_inline_worker_dreams_when_polled(fake_model, fake_dream, request_of) -> None:
    worker = InlineWorker(fake_model, fake_dream)
    worker.submit(request_of(0))
    worker.submit(request_of(1, steps=2))
    kinds = [type(m) for m in worker.poll()]
    assert kinds == [Status, Preview, Preview, Finished]
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


class FakeLook:
    """Stands in for `diffusion.introspection.unet_probe.look_inside`.

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


@pytest.fixture
def look_in() -> FakeLook:
    return FakeLook()


@pytest.fixture
def curious(fake_model, fake_dream, look_in):
    worker = ThreadWorker(lambda: fake_model, fake_dream, look=look_in, threads=None)
    yield worker
    fake_dream.gate.set()
    look_in.gate.set()
    worker.close()


def inspection(request, step: int = 1) -> Inspection:
    return Inspection(request.id, step, request.canvas, request.settings, request.canvas.noise, float(step))


def test_the_network_is_looked_into_when_asked(curious, request_of) -> None:
    asked = inspection(request_of(3))
    curious.inspect(asked)
    told = wait(curious, has(Inspected))[-1]
    assert told.asked is asked and told.inside == (asked.start, asked.sigma) and not told.problem


def test_a_dream_goes_first_and_the_look_follows(curious, fake_dream, look_in, request_of) -> None:
    look_in.gate.clear()
    asked = inspection(request_of(0))
    curious.inspect(asked)
    assert look_in.started.wait(20)
    curious.submit(request_of(1))  # comes while the look is under way
    look_in.gate.set()
    kinds = [type(m) for m in wait(curious, has(Inspected)) if isinstance(m, Finished | Inspected)]
    assert kinds == [Finished, Inspected]
    fake_dream.gate.clear()
    curious.submit(request_of(2))
    curious.inspect(asked)  # while a dream runs
    curious.cancel()  # that one, not the look
    fake_dream.gate.set()
    assert [type(m) for m in wait(curious, has(Inspected)) if isinstance(m, Finished | Inspected)] == [Inspected]


def test_the_latest_look_wins_and_none_forgets_it(curious, look_in, request_of) -> None:
    look_in.gate.clear()
    curious.inspect(inspection(request_of(0), 1))
    assert look_in.started.wait(20)
    curious.inspect(inspection(request_of(0), 2))
    curious.inspect(last := inspection(request_of(0), 3))
    look_in.gate.set()
    told = [m for m in wait(curious, has(Inspected)) if isinstance(m, Inspected)]
    assert [m.asked for m in told] == [last]
    look_in.gate.clear()
    look_in.started.clear()
    curious.inspect(inspection(request_of(0)))
    assert look_in.started.wait(20)
    curious.inspect(None)
    look_in.gate.set()
    curious.submit(request_of(5))
    assert not has(Inspected)(wait(curious, has(Finished)))


def test_a_look_that_fails_is_told_and_the_worker_lives_on(curious, look_in, request_of) -> None:
    look_in.error = ValueError("too dark")
    curious.inspect(inspection(request_of(0)))
    told = wait(curious, has(Inspected))[-1]
    assert told.inside is None and told.problem == "ValueError: too dark"
    look_in.error = None
    curious.inspect(inspection(request_of(0)))
    assert wait(curious, has(Inspected))[-1].inside is not None


def test_the_inline_worker_looks_after_it_dreamed(fake_model, fake_dream, look_in, request_of) -> None:
    worker = InlineWorker(fake_model, fake_dream, look=look_in)
    worker.inspect(inspection(request_of(0)))
    worker.submit(request_of(1, steps=1))
    assert [type(m) for m in worker.poll()] == [Status, Preview, Finished, Inspected]
    assert worker.poll() == []


def test_every_step_tells_what_it_started_from(worker, request_of) -> None:
    worker.submit(request_of(0, steps=2))
    previews = [m for m in wait(worker, has(Finished)) if isinstance(m, Preview)]
    shape = request_of(0).canvas.noise.shape
    assert all(m.start.shape == shape for m in previews) and not np.array_equal(previews[0].start, previews[1].start)


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


@pytest.fixture
def loading() -> FakeLoad:
    return FakeLoad()


@pytest.fixture
def changing(fake_dream, loading):
    """A worker whose model can be replaced; its first one is "first"."""
    worker = ThreadWorker(
        lambda: FakeModel(id="first"), fake_dream, threads=None, load_choice=loading, fits=lambda choice: loading.fits
    )
    loading.fits = True
    yield worker
    fake_dream.gate.set()
    loading.gate.set()
    worker.close()


def order(number: int, ref: str = "second") -> ModelOrder:
    return ModelOrder(number, ModelChoice(ref))


def test_another_model_is_loaded_with_progress_and_answers_from_then_on(changing, request_of) -> None:
    changing.replace_model(asked := order(0))
    told = [m for m in wait(changing, has(ModelReplaced)) if isinstance(m, ModelProgress | ModelReplaced)]
    assert [(m.part, m.share) for m in told[:-1]] == [("", 0.0), ("U-Net", 0.0), ("VAE", 0.5)]
    assert told[-1].order is asked and told[-1].model.id == "second" and told[-1].model.space == "other"
    changing.submit(request_of(1))
    assert has(Finished)(wait(changing, has(Finished)))


def test_the_model_before_goes_when_it_is_replaced(changing, request_of) -> None:
    changing.submit(request_of(0))
    wait(changing, has(Finished))
    before = weakref.ref(changing._model)
    changing.replace_model(order(0))
    wait(changing, has(ModelReplaced))
    end = time.monotonic() + 20
    while before() is not None:
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_model_that_fails_leaves_the_one_before(changing, loading, request_of) -> None:
    loading.errors = [InputError("x.safetensors", "", "is cut off")]
    changing.replace_model(asked := order(0))
    kept = wait(changing, has(ModelKept))[-1]
    assert kept.order is asked and kept.problem == "x.safetensors is cut off."
    assert kept.traceback == ""  # the sentence says it
    loading.errors = [ValueError("no such layer")]
    changing.replace_model(order(1))
    assert "Traceback" in wait(changing, has(ModelKept))[-1].traceback
    changing.submit(request_of(1))
    assert wait(changing, has(Finished))[-1].request.id == 1 and changing._model.id == "first"


def test_loading_is_cancelled_between_two_parts(changing, loading, request_of) -> None:
    loading.gate.clear()
    changing.replace_model(order(0))
    assert loading.started.wait(20)
    changing.cancel_model()
    changing.submit(request_of(1))
    loading.gate.set()
    messages = wait(changing, has(Finished))
    (kept,) = (m for m in messages if isinstance(m, ModelKept))
    assert kept.problem == "" and changing._model.id == "first" and loading.loaded == ["second"]
    changing.replace_model(order(2, "third"))
    wait(changing, has(ModelReplaced))
    assert changing._model.id == "third"


@pytest.mark.parametrize("how", ["estimated", "found out"])
def test_where_both_have_no_room_the_one_before_is_dropped_first_and_comes_back_if_loading_fails(
    changing, loading, request_of, how: str
) -> None:
    changing.submit(request_of(0))
    wait(changing, has(Finished))
    changing.replace_model(order(0, "small"))
    wait(changing, has(ModelReplaced))
    loading.loaded.clear()
    loading.fits = how != "estimated"
    full = [] if how == "estimated" else [MemoryError()]
    loading.errors = [*full, InputError("big", "", "is no model")]
    changing.replace_model(order(1, "big"))
    messages = wait(changing, lambda found: any(isinstance(m, Status) and m.model for m in found))
    (kept,) = (m for m in messages if isinstance(m, ModelKept))
    assert kept.problem == "big is no model."
    assert loading.loaded == ["big"] * (1 + len(full)) + ["small"] and changing._model.id == "small"
    changing.submit(request_of(5))
    assert wait(changing, has(Finished))[-1].request.id == 5


def test_what_waited_for_the_model_before_is_dropped(changing, loading, fake_dream, request_of) -> None:
    loading.gate.clear()
    changing.replace_model(order(0))
    assert loading.started.wait(20)
    changing.submit(request_of(1))
    loading.gate.set()
    messages = wait(changing, has(ModelReplaced))
    changing.submit(request_of(2))
    messages += wait(changing, has(Finished))
    assert [m.request.id for m in messages if isinstance(m, Finished)] == [2] and len(fake_dream.asked) == 1


def test_after_a_first_model_that_fails_another_may_be_loaded(fake_dream, loading, request_of) -> None:
    def load():
        raise OSError("no such folder")

    worker = ThreadWorker(load, fake_dream, threads=None, load_choice=loading, fits=lambda choice: True)
    worker.submit(request_of(0))
    assert wait(worker, has(Failed))[-1].request is None
    worker.replace_model(order(0))
    assert wait(worker, has(ModelReplaced))[-1].model.id == "second"
    worker.submit(request_of(1))
    assert wait(worker, has(Finished))[-1].request.id == 1
    worker.close()


def test_the_inline_worker_replaces_its_model_when_polled(fake_model, fake_dream, loading, request_of) -> None:
    worker = InlineWorker(fake_model, fake_dream, load_choice=loading)
    worker.replace_model(order(0))
    assert isinstance(worker.poll()[-1], ModelReplaced) and worker._model.id == "second"
    loading.errors = [ValueError("no")]
    worker.replace_model(order(1, "third"))
    assert isinstance(worker.poll()[-1], ModelKept) and worker._model.id == "second"
