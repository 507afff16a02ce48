"""What takes longer than a frame may, gone on with frame by frame."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakMethod

from engine.gl.time_sliced import TimeSlicedTask

T = TypeVar("T")


class UnderWay:
    """One work at a time, as much of it in each frame as `budget` seconds allow, and what comes then, which may begin the next.

    failed: a method, called when a work raises something, before that goes on up; held weakly, so that its owner, who owns this,
    is gone with the last reference to it. True while there is a work.
    """

    def __init__(self, budget: float, failed: Callable[[], None]) -> None:
        self.budget, self._failed = budget, WeakMethod(failed)
        self._work: tuple[TimeSlicedTask[Any], Callable[[Any], None]] | None = None
        self._until = math.inf  # when this frame's budget is spent

    def __bool__(self) -> bool:
        return self._work is not None

    def frame(self) -> None:
        """A new frame: its budget is still whole."""
        self._until = time.perf_counter() + self.budget
        self._go_on()

    def begin(self, work: TimeSlicedTask[T], then: Callable[[T], None]) -> None:
        self._work = work, then
        self._go_on()

    def finish(self) -> None:
        """All of it, now."""
        self._until = math.inf
        self._go_on()

    def abandon(self) -> None:
        if self._work:
            self._work[0].abandon()
            self._work = None

    def _go_on(self) -> None:
        while self._work is not None and (left := self._until - time.perf_counter()) > 0:
            work, then = self._work
            try:
                if not work.step(left):
                    return
                result = work.result
            except BaseException:
                self._work = None
                if failed := self._failed():
                    failed()
                raise
            self._work = None
            then(result)
