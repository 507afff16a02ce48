"""Previews of a dream's steps: all of them, in order, with what they are made of, and within their share of the time."""

from __future__ import annotations

import time

import numpy as np
import pytest

from app.loop.messages import (
    PREVIEWS,
    DreamFinished,
    Preview,
    PreviewOptions,
)
from app.loop.previews import Throttle
from tests.app.loop.workers import has, wait


def test_every_step_is_told_in_order_before_the_result(worker, request_of) -> None:
    worker.submit(request_of(0, steps=50))
    messages = wait(worker, has(DreamFinished))
    told = [m for m in messages if isinstance(m, Preview | DreamFinished)]
    assert [m.step for m in told[:-1]] == list(range(1, 51))
    assert all(m.change == pytest.approx(told[1].change, rel=1e-3) for m in told[1:-1])
    assert told[0].change == 0
    assert told[0].guidance == pytest.approx(0.25, rel=1e-3)


def test_every_step_tells_what_it_started_from(worker, request_of) -> None:
    worker.submit(request_of(0, steps=2))
    previews = [m for m in wait(worker, has(DreamFinished)) if isinstance(m, Preview)]
    shape = request_of(0).canvas.noise.shape
    assert all(m.start.shape == shape for m in previews) and not np.array_equal(previews[0].start, previews[1].start)


def test_of_steps_that_nobody_asks_for_only_the_last_are_kept(worker, request_of) -> None:
    worker.submit(request_of(0, steps=PREVIEWS + 30))
    end = time.monotonic() + 20
    while worker._results.empty():
        assert time.monotonic() < end
        time.sleep(0.002)
    told = [m.step for m in worker.poll() if isinstance(m, Preview)]
    assert told == list(range(31, PREVIEWS + 31))


def test_what_a_picture_comes_from_is_told_while_somebody_watches(worker, request_of) -> None:
    worker.watch(PreviewOptions(closely=True))
    request = request_of(1, steps=2)
    worker.submit(request)
    _, second = (m for m in wait(worker, has(DreamFinished)) if isinstance(m, Preview))
    assert second.noisy.shape == second.image.shape == (*request.canvas.change.shape, 3)
    assert [part.prompt for part in second.parts] == [region.prompt for region in request.canvas.regions]
    assert not np.array_equal(second.parts[0].image, second.parts[1].image)
    worker.watch(PreviewOptions())
    worker.submit(request_of(2))
    assert all(m.noisy is None and not m.parts for m in wait(worker, has(DreamFinished)) if isinstance(m, Preview))


def test_beside_a_decoded_picture_the_linear_maps_is_told(worker, request_of) -> None:
    worker.watch(PreviewOptions(decoded=True))
    request = request_of(1, steps=4)
    worker.submit(request)
    told = [m for m in wait(worker, has(DreamFinished)) if isinstance(m, Preview)]
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
