"""What was freed goes back to the system, now and then: pages of paint come and go between what stays, and the C library keeps
the holes (200 MB after an hour of scenes)."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

PERIOD = 10.0  # seconds
ARENA_MAX = -8  # glibc's M_ARENA_MAX


def share_one_heap() -> None:
    """Let all threads take from one heap. Call before there are any.

    Else glibc gives each a heap of its own, of which nothing gives the free end back: 15 to 60 MB for every thread that ever
    held large arrays (the model's, the planner's, the file reader's).
    """
    if mallopt := _glibc("mallopt"):
        mallopt(ARENA_MAX, 1)


def _glibc(name: str) -> Callable[..., int] | None:
    """A function of glibc; other C libraries give back by themselves, or can't be asked."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None


class Heap:
    """Call `update` once a frame. It takes a few milliseconds beside the frames, without Python's lock."""

    def __init__(self) -> None:
        self._trim, self._due = _glibc("malloc_trim"), PERIOD
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="heap")
        self._work: Future[int] | None = None

    def update(self, now: float) -> None:
        """now: seconds on any steady clock."""
        if self._trim is not None and now >= self._due and (self._work is None or self._work.done()):
            self._due, self._work = now + PERIOD, self._hand.submit(self._trim, 0)

    def close(self) -> None:
        self._hand.shutdown(wait=True)
