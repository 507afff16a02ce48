"""The next sheet is gathered while one is dreamed, and dreamed beside it or after it: nothing else becomes different."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from app.loop.inline_worker import InlineWorker
from app.loop.messages import DreamFailed
from app.loop.painter import Painter
from app.loop.worker import ThreadWorker
from app.session import LiveSettings, PaintSettings, Session
from diffusion.settings import DreamSettings
from engine.atlas.views import GatheredSheet
from engine.atlas.volume import LatentVolume
from scenes.camera import Camera

SIZE = (320, 180)
HERE = Camera.look_at((4.0, 2.2, 7.5), (4.0, 1.0, 2.0), fov=70)
THERE = Camera.look_at((0.5, 2.2, 6.5), (7.0, 1.0, 4.0), fov=70)
SESSION = Session(
    dream=DreamSettings(steps=2), live=LiveSettings(rest=0.5, moving=False), paint=PaintSettings(sky=False)
)


@pytest.fixture(params=[False, True], ids=["one at a time", "two at once"])
def helped(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture
def make(
    stage, ctx, fake_model, fake_dream, helped: bool, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[type], Painter]]:
    """Makes a painter whose views need many small sheets, with a worker of a kind."""
    for name, side in (
        ("patches.WIDEST", 16),
        ("patches.TALLEST", 16),
        ("sheet_plan.WIDTH", 20),
        ("sheet_plan.HEIGHT", 20),
    ):
        monkeypatch.setattr(f"engine.atlas.{name}", side)
    fake_model.knows_surfaces = True
    made: list[Painter] = []

    def dream(*args, on_part, **hooks):
        on_part("steps")
        return fake_dream(*args, **hooks)

    def make(kind: type) -> Painter:
        scene, charts = stage
        threads = lambda: ThreadWorker(lambda: fake_model, dream, helped=helped)  # noqa: E731
        worker = InlineWorker(fake_model, dream) if kind is InlineWorker else threads()
        made.append(Painter(LatentVolume(ctx, charts, fake_model.channels), worker, scene, SESSION))
        return made[-1]

    yield make
    fake_dream.gate.set()
    for painter in made:
        painter.client.worker.close()
        painter.volume.release()


def until(painter: Painter, condition: Callable[[], bool], camera: Camera = HERE, start: float = 0.0) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, painter.status_text
        painter.update(camera, SIZE, start + 1.0)
        time.sleep(0.001)


def finished(painter: Painter) -> Callable[[], bool]:
    return lambda: painter.refining and painter.status_text == "this view is finished"


@pytest.fixture
def waiting(make, fake_dream) -> Painter:
    """A painter whose worker is at a sheet, while the next one waits."""
    painter = make(ThreadWorker)
    client = painter.client

    def at_a_sheet() -> bool:
        return client.running is not None and isinstance(client.running.gathered, GatheredSheet)

    until(painter, at_a_sheet)
    fake_dream.gate.clear()
    until(painter, lambda: at_a_sheet() and client.ahead > 0 and not client.tasks)
    return painter


def test_the_paint_is_the_same_as_without(waiting, make, fake_dream) -> None:
    assert waiting.client.seconds_left is None or waiting.client.seconds_left >= 0
    fake_dream.gate.set()
    until(waiting, finished(waiting))
    inline = make(InlineWorker)
    until(inline, finished(inline))
    ours, theirs = (painter.volume.snapshot() for painter in (waiting, inline))
    assert ours.pages.keys() == theirs.pages.keys() and ours.revision == theirs.revision
    assert waiting.client.dreams == inline.client.dreams
    for number, page in ours.pages.items():
        for name, array in page.items():
            np.testing.assert_array_equal(array, theirs.pages[number][name])


def test_looking_elsewhere_drops_the_one_that_waits(waiting, fake_dream) -> None:
    running, asked = waiting.client.running, len(fake_dream.asked)
    waiting.update(THERE, SIZE, 2.0)
    assert waiting.client.running is running, "the surface is as good from anywhere"
    waiting.session = replace(SESSION, live=replace(SESSION.live, auto=False))  # nothing new is asked for
    fake_dream.gate.set()
    until(waiting, lambda: not waiting.client.busy, THERE, 1.0)
    assert not waiting.client.ahead and len(fake_dream.asked) <= asked + 1
    dreams = waiting.client.dreams
    waiting.update(THERE, SIZE, 5.0)
    assert waiting.client.dreams == dreams


def test_a_failure_drops_the_one_that_waits(waiting, fake_dream, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = DreamFailed(waiting.client.running, "broken", "Traceback: made up for this test")
    monkeypatch.setattr(waiting.client.worker, "poll", lambda: [failed])
    waiting.collect()
    assert waiting.client.problem == "broken" and not waiting.client.busy and not waiting.client.ahead
    monkeypatch.undo()
    dreams = waiting.client.dreams
    fake_dream.gate.set()
    time.sleep(0.05)
    waiting.collect()
    assert waiting.client.dreams == dreams and not waiting.client.busy


def test_paint_by_hand_makes_both_outdated(waiting, fake_dream) -> None:
    dreams = waiting.client.dreams
    waiting.volume.erase()
    waiting.session = replace(SESSION, live=replace(SESSION.live, auto=False))
    fake_dream.gate.set()
    until(waiting, lambda: not waiting.client.busy)
    assert not waiting.client.ahead and waiting.client.dreams == dreams
    waiting.session = SESSION
    until(waiting, finished(waiting))


def test_what_touches_is_gathered_only_once_it_is_laid(make, fake_dream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.geometry.sheet.Sheet.touches", lambda self, other: True)
    painter = make(ThreadWorker)
    ahead = []

    def done() -> bool:
        ahead.append(painter.client.ahead)
        return finished(painter)()

    until(painter, done)
    assert not any(ahead)


def test_a_session_replaced_meanwhile_applies_to_the_dream_after(waiting, fake_dream) -> None:
    waiting.session = replace(SESSION, dream=DreamSettings(steps=3))
    fake_dream.gate.set()
    until(waiting, finished(waiting))
    assert fake_dream.asked[-1].steps == 3
