"""Probes of the network on the worker: dreams go first, the latest probe wins, failures are messages."""

from __future__ import annotations

import pytest

from app.loop.messages import (
    DreamFinished,
    InspectionResult,
)
from app.loop.worker import ThreadWorker
from tests.app.loop.workers import has, inspection, wait


@pytest.fixture
def curious(fake_model, fake_dream, probe):
    worker = ThreadWorker(lambda: fake_model, fake_dream, look=probe, threads=None)
    yield worker
    fake_dream.gate.set()
    probe.gate.set()
    worker.close()


def test_the_network_is_looked_into_when_asked(curious, request_of) -> None:
    asked = inspection(request_of(3))
    curious.inspect(asked)
    told = wait(curious, has(InspectionResult))[-1]
    assert told.asked is asked and told.inside == (asked.start, asked.sigma) and not told.problem


def test_a_dream_goes_first_and_the_look_follows(curious, fake_dream, probe, request_of) -> None:
    probe.gate.clear()
    asked = inspection(request_of(0))
    curious.inspect(asked)
    assert probe.started.wait(20)
    curious.submit(request_of(1))  # comes while the look is under way
    probe.gate.set()
    kinds = [type(m) for m in wait(curious, has(InspectionResult)) if isinstance(m, DreamFinished | InspectionResult)]
    assert kinds == [DreamFinished, InspectionResult]
    fake_dream.gate.clear()
    curious.submit(request_of(2))
    curious.inspect(asked)  # while a dream runs
    curious.cancel()  # that one, not the look
    fake_dream.gate.set()
    assert [
        type(m) for m in wait(curious, has(InspectionResult)) if isinstance(m, DreamFinished | InspectionResult)
    ] == [InspectionResult]


def test_a_look_waits_for_one_dream_only(curious, fake_dream, probe, request_of) -> None:
    fake_dream.gate.clear()
    curious.submit(request_of(0))
    assert fake_dream.started.wait(20)
    curious.inspect(inspection(request_of(0)))
    curious.submit(request_of(1))
    probe.gate.clear()
    fake_dream.gate.set()
    assert probe.started.wait(20)
    curious.submit(request_of(2))
    probe.gate.set()
    told = wait(curious, lambda messages: any(isinstance(m, DreamFinished) and m.request.id == 2 for m in messages))
    order = [type(m) for m in told if isinstance(m, DreamFinished | InspectionResult)]
    assert order == [DreamFinished, InspectionResult, DreamFinished]


def test_the_latest_look_wins_and_none_forgets_it(curious, probe, request_of) -> None:
    probe.gate.clear()
    curious.inspect(inspection(request_of(0), 1))
    assert probe.started.wait(20)
    curious.inspect(inspection(request_of(0), 2))
    curious.inspect(last := inspection(request_of(0), 3))
    probe.gate.set()
    told = [m for m in wait(curious, has(InspectionResult)) if isinstance(m, InspectionResult)]
    assert [m.asked for m in told] == [last]
    probe.gate.clear()
    probe.started.clear()
    curious.inspect(inspection(request_of(0)))
    assert probe.started.wait(20)
    curious.inspect(None)
    probe.gate.set()
    curious.submit(request_of(5))
    assert not has(InspectionResult)(wait(curious, has(DreamFinished)))


def test_a_look_that_fails_is_told_and_the_worker_lives_on(curious, probe, request_of) -> None:
    probe.error = ValueError("too dark")
    curious.inspect(inspection(request_of(0)))
    told = wait(curious, has(InspectionResult))[-1]
    assert told.inside is None and told.problem == "ValueError: too dark"
    probe.error = None
    curious.inspect(inspection(request_of(0)))
    assert wait(curious, has(InspectionResult))[-1].inside is not None
