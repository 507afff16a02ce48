"""Replacing a worker's model: progress, cancelling, failures, memory, and what waited for the model before."""

from __future__ import annotations

import time
import weakref
from dataclasses import replace

import pytest

from app.loop.messages import (
    DreamFailed,
    DreamFinished,
    ModelBeside,
    ModelKept,
    ModelProgress,
    ModelReplaced,
    Status,
)
from app.loop.worker import ThreadWorker
from base.errors import InputError
from tests.app.conftest import FakeModel
from tests.app.loop.workers import has, order, wait


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


def test_another_model_is_loaded_with_progress_and_answers_from_then_on(changing, request_of) -> None:
    changing.load_model(asked := order(0))
    told = [m for m in wait(changing, has(ModelReplaced)) if isinstance(m, ModelProgress | ModelReplaced)]
    assert [(m.part, m.share) for m in told[:-1]] == [("", 0.0), ("U-Net", 0.0), ("VAE", 0.5)]
    assert told[-1].order is asked and told[-1].model.id == "second" and told[-1].model.space == "other"
    changing.submit(request_of(1))
    assert has(DreamFinished)(wait(changing, has(DreamFinished)))


def test_the_model_before_goes_when_it_is_replaced(changing, request_of) -> None:
    changing.submit(request_of(0))
    wait(changing, has(DreamFinished))
    before = weakref.ref(changing._model)
    changing.load_model(order(0))
    wait(changing, has(ModelReplaced))
    end = time.monotonic() + 20
    while before() is not None:
        assert time.monotonic() < end
        time.sleep(0.002)


def test_a_model_that_fails_leaves_the_one_before(changing, loading, request_of) -> None:
    loading.errors = [InputError("x.safetensors", "", "is cut off")]
    changing.load_model(asked := order(0))
    kept = wait(changing, has(ModelKept))[-1]
    assert kept.order is asked and kept.problem == "x.safetensors is cut off."
    assert kept.traceback == ""  # the sentence says it
    loading.errors = [ValueError("no such layer")]
    changing.load_model(order(1))
    assert "Traceback" in wait(changing, has(ModelKept))[-1].traceback
    changing.submit(request_of(1))
    assert wait(changing, has(DreamFinished))[-1].request.id == 1 and changing._model.id == "first"


def test_loading_is_cancelled_between_two_parts(changing, loading, request_of) -> None:
    loading.gate.clear()
    changing.load_model(order(0))
    assert loading.started.wait(20)
    changing.cancel_model()
    changing.submit(request_of(1))
    loading.gate.set()
    messages = wait(changing, has(DreamFinished))
    (kept,) = (m for m in messages if isinstance(m, ModelKept))
    assert kept.problem == "" and changing._model.id == "first" and loading.loaded == ["second"]
    changing.load_model(order(2, "third"))
    wait(changing, has(ModelReplaced))
    assert changing._model.id == "third"


@pytest.mark.parametrize("how", ["estimated", "found out"])
def test_where_both_have_no_room_the_one_before_is_dropped_first_and_comes_back_if_loading_fails(
    changing, loading, request_of, how: str
) -> None:
    changing.submit(request_of(0))
    wait(changing, has(DreamFinished))
    changing.load_model(order(0, "small"))
    wait(changing, has(ModelReplaced))
    loading.loaded.clear()
    loading.fits = how != "estimated"
    full = [] if how == "estimated" else [MemoryError()]
    loading.errors = [*full, InputError("big", "", "is no model")]
    changing.load_model(order(1, "big"))
    messages = wait(changing, lambda found: any(isinstance(m, Status) and m.model for m in found))
    (kept,) = (m for m in messages if isinstance(m, ModelKept))
    assert kept.problem == "big is no model."
    assert loading.loaded == ["big"] * (1 + len(full)) + ["small"] and changing._model.id == "small"
    changing.submit(request_of(5))
    assert wait(changing, has(DreamFinished))[-1].request.id == 5


def test_what_waited_for_the_model_before_is_dropped(changing, loading, fake_dream, request_of) -> None:
    loading.gate.clear()
    changing.load_model(order(0))
    assert loading.started.wait(20)
    changing.submit(request_of(1))
    loading.gate.set()
    messages = wait(changing, has(ModelReplaced))
    changing.submit(request_of(2))
    messages += wait(changing, has(DreamFinished))
    assert [m.request.id for m in messages if isinstance(m, DreamFinished)] == [2] and len(fake_dream.asked) == 1


def test_after_a_first_model_that_fails_another_may_be_loaded(fake_dream, loading, request_of) -> None:
    def load():
        raise OSError("no such folder")

    worker = ThreadWorker(load, fake_dream, threads=None, load_choice=loading, fits=lambda choice: True)
    worker.submit(request_of(0))
    assert wait(worker, has(DreamFailed))[-1].request is None
    worker.load_model(order(0))
    assert wait(worker, has(ModelReplaced))[-1].model.id == "second"
    worker.submit(request_of(1))
    assert wait(worker, has(DreamFinished))[-1].request.id == 1
    worker.close()


def test_a_model_beside_answers_its_own_requests_until_it_is_dropped_or_takes_over(
    changing, loading, fake_dream, request_of
) -> None:
    changing.load_model(replace(order(0), beside=True))
    assert wait(changing, has(ModelBeside))[-1].model.id == "second"
    other = changing._beside[1]
    for number, beside in enumerate((False, True)):
        changing.submit(replace(request_of(number), beside=beside))
        wait(changing, has(DreamFinished))
    assert fake_dream.models == ["first", "second"]
    changing.load_model(order(1))
    wait(changing, has(ModelReplaced))
    assert changing._model is other and changing._beside is None and loading.loaded == ["second"]
    changing.load_model(replace(order(2, "third"), beside=True))
    wait(changing, has(ModelBeside))
    changing.drop_beside()
    changing.submit(request_of(5))
    wait(changing, has(DreamFinished))
    assert changing._beside is None and changing._model is other


@pytest.mark.parametrize("how", ["estimated", "found out"])
def test_a_model_that_has_no_room_beside_another_is_refused(changing, loading, request_of, how: str) -> None:
    loading.fits = how != "estimated"
    loading.errors = [] if how == "estimated" else [MemoryError()]
    changing.load_model(replace(order(0), beside=True))
    assert "too little for both models" in wait(changing, has(ModelKept))[-1].problem
    changing.submit(request_of(1))
    wait(changing, has(DreamFinished))
    assert changing._model.id == "first"
