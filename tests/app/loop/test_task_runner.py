"""Work that is gone on with frame by frame."""

from __future__ import annotations

import math
import time

import pytest

from app.loop.task_runner import TaskRunner
from engine.gl.time_sliced import TimeSlicedTask


def slow(count: int, done: list[str], name: str = "a"):
    for _ in range(count):
        time.sleep(0.002)
        done.append(name)
        yield
    return name


class Failures:
    def __init__(self) -> None:
        self.count = 0

    def fail(self) -> None:
        self.count += 1


@pytest.fixture
def failures() -> Failures:
    return Failures()


def under_way(budget: float, failures: Failures) -> TaskRunner:
    return TaskRunner(budget, failures.fail)


def test_without_a_limit_all_is_done_at_once_and_so_is_what_comes_then(ctx, failures):
    done: list[str] = []
    works = under_way(math.inf, failures)
    works.begin(
        TimeSlicedTask(ctx, slow(3, done)), lambda a: works.begin(TimeSlicedTask(ctx, slow(2, done, "b")), done.append)
    )
    assert done == ["a", "a", "a", "b", "b", "b"] and not works


def test_a_small_budget_takes_a_piece_a_frame_until_it_is_finished(ctx, failures):
    done: list[str] = []
    works = under_way(0.001, failures)
    works.begin_frame()
    works.begin(TimeSlicedTask(ctx, slow(5, done)), lambda a: done.append("then"))
    assert done == ["a"] and works
    works.begin_frame()
    assert done == ["a", "a"]
    works.finish()
    assert done == ["a"] * 5 + ["then"] and not works


def test_what_is_abandoned_is_gone(ctx, failures):
    done: list[str] = []
    works = under_way(0.001, failures)
    works.begin_frame()
    works.begin(TimeSlicedTask(ctx, slow(5, done)), lambda a: done.append("then"))
    works.abandon()
    works.finish()
    assert done == ["a"] and not works and not failures.count


def test_an_error_ends_it_and_is_told(ctx, failures):
    def breaks():
        yield
        raise ValueError("no")

    works = under_way(math.inf, failures)
    with pytest.raises(ValueError, match="no"):
        works.begin(TimeSlicedTask(ctx, breaks()), lambda a: None)
    assert failures.count == 1 and not works
