"""Signals stop the program where it can stop: none is lost, none interrupts a codec, and nothing temporary is left."""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from types import FrameType

import pytest

from app.cli.render import render
from app.commands import Render
from app.loop.headless_session import HeadlessSession, open_headless_session
from app.session import ModelChoice, SceneChoice, Session
from app.signals import DeferredSignals
from app.terminal import open_console
from scenes.load import load_scene

MOMENTS = 60


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_comes_where_exceptions_are_lost_stops_the_program_all_the_same(first: int) -> None:
    """In a finaliser, as in a callback of C's, KeyboardInterrupt would be printed and forgotten."""
    before = signal.getsignal(first)

    class Finalised:
        def __del__(self) -> None:
            signal.raise_signal(first)

    with DeferredSignals() as signals:
        assert signals.check() is False
        Finalised()
        assert signals.received == [first]
        signal.raise_signal(signal.SIGHUP)  # a terminal that closes sends two
        with pytest.raises(KeyboardInterrupt):
            signals.check()
    assert signal.getsignal(first) == before


def test_a_second_ctrl_c_stops_at_once() -> None:
    with DeferredSignals() as signals:
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signals.received == [signal.SIGINT] * 2


def test_items_are_given_until_a_signal_comes() -> None:
    given = []
    with DeferredSignals() as signals, pytest.raises(KeyboardInterrupt):
        for item in signals.check_each(range(5)):
            given.append(item)
            if item == 2:
                signal.raise_signal(signal.SIGTERM)
    assert given == [0, 1, 2]


class CountedCalls:
    """Sends SIGTERM at the call of number `at` of Python and C functions in this thread; 0: only counts them."""

    def __init__(self, at: int) -> None:
        self.at, self.calls = at, 0

    def __enter__(self) -> None:
        sys.setprofile(self._count)

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _count(self, frame: FrameType, event: str, argument: object) -> None:
        if event not in ("call", "c_call"):
            return
        self.calls += 1
        if self.calls == self.at:
            sys.setprofile(None)
            signal.raise_signal(signal.SIGTERM)


@pytest.fixture(scope="module")
def headless(tiny_scene: Path, tiny_model: Path) -> Iterator[HeadlessSession]:
    session = Session(SceneChoice(str(tiny_scene)), ModelChoice(str(tiny_model), device="cpu"))
    with open_headless_session(session, load_scene(tiny_scene)) as opened:
        yield opened


@pytest.mark.parametrize("name", ["film.mp4", "film.gif", "frames"])
def test_a_signal_at_any_moment_of_a_render_leaves_nothing_temporary(
    name: str, headless: HeadlessSession, tmp_path: Path
) -> None:
    out = tmp_path / name
    command = Render(out=out, size=(64, 48), fps=1.0, frames=3, mode="material")
    saves = []

    def film(at: int) -> tuple[DeferredSignals, int]:
        """Render with a signal at a moment, as `rayverie render` does. Returns the signals and the calls counted."""
        signals, counted = DeferredSignals(), CountedCalls(at)
        try:
            with signals, counted:
                render(headless, command, open_console(errors=True), lambda: saves.append(at), signals)
        except KeyboardInterrupt as stopped:
            assert traceback.extract_tb(stopped.__traceback__)[-1].name == "check"  # never inside a codec
        return signals, counted.calls

    film(0)
    calls, saved = film(0)[1], set()
    complete = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert calls > 10 * MOMENTS
    for at in count(1, calls // MOMENTS):
        saves.clear()
        if not film(at)[0].received:
            break
        assert {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == complete
        saved.add(len(saves))
    assert saved == {0, 1, 2, 3}
