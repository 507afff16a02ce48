"""A frame's time by name: what runs inside something else is counted once."""

from __future__ import annotations

import time

import pytest

from app.state import frame_profiler as pace
from app.state.frame_profiler import FrameProfiler


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that is set by hand; the thread works half of the time."""
    now = [0.0]
    monkeypatch.setattr(pace.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(pace.time, "thread_time", lambda: now[0] / 2)
    return now


def test_parts_add_up_without_what_runs_inside_them(clock: list[float]) -> None:
    frame = FrameProfiler()
    with frame.part("panels"):
        clock[0] += 1
        with frame.part("painting"):
            clock[0] += 2
            with frame.part("reading"):
                clock[0] += 4
        with frame.part("painting"):
            clock[0] += 8
    assert {name: span.wall for name, span in frame.parts.items()} == {"panels": 1, "painting": 10, "reading": 4}
    assert {name: span.cpu for name, span in frame.parts.items()} == {"panels": 0.5, "painting": 5, "reading": 2}
    frame.begin()
    assert not frame.parts


def test_what_fails_is_counted_too(clock: list[float]) -> None:
    frame = FrameProfiler()
    with pytest.raises(ValueError), frame.part("outer"), frame.part("inner"):
        clock[0] += 3
        raise ValueError
    with frame.part("later"):
        clock[0] += 1
    assert {name: span.wall for name, span in frame.parts.items()} == {"inner": 3, "outer": 0, "later": 1}


def test_real_clocks_run() -> None:
    frame = FrameProfiler()
    with frame.part("sleep"):
        time.sleep(0.02)
    assert frame.parts["sleep"].wall >= 0.02 > frame.parts["sleep"].cpu
