"""Runs tasks that take longer than a frame, one slice per frame."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakMethod

from engine.gl.time_sliced import TimeSlicedTask

T = TypeVar("T")


class TaskRunner:
    """Runs one task at a time, at most `budget` seconds per frame, then its callback, which may begin the next task.

    failed: method to call when a task raises, before the error is passed on. It is held weakly, so that its owner, which
    also owns the runner, forms no reference cycle. haste: multiplier of the budget, for frames with time to spare.
    The runner is true while it has a task.
    """

    def __init__(self, budget: float, failed: Callable[[], None]) -> None:
        self.budget, self.haste, self._failed = budget, 1.0, WeakMethod(failed)
        self._work: tuple[TimeSlicedTask[Any], Callable[[Any], None]] | None = None
        self._until = math.inf  # when this frame's budget is spent

    def __bool__(self) -> bool:
        return self._work is not None

    def begin_frame(self) -> None:
        """Run a slice of the task, with a new frame's budget."""
        self._until = time.perf_counter() + self.budget * self.haste
        self._run()

    def begin(self, work: TimeSlicedTask[T], then: Callable[[T], None]) -> None:
        """Begin a task; it replaces a running one. then: called with its result."""
        self._work = work, then
        self._run()

    def finish(self) -> None:
        """Run the task to its end, now."""
        self._until = math.inf
        self._run()

    def abandon(self) -> None:
        """Stop the task, without calling its callback."""
        if self._work:
            self._work[0].cancel()
            self._work = None

    def _run(self) -> None:
        while self._work is not None and (left := self._until - time.perf_counter()) > 0:
            work, then = self._work
            try:
                if not work.run_for(left):
                    return
                result = work.result
            except BaseException:
                self._work = None
                if failed := self._failed():
                    failed()
                raise
            self._work = None
            then(result)
