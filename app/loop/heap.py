"""Returns freed memory to the system from time to time. Otherwise the C library keeps it (200 MB after an hour of scenes)."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

PERIOD = 10.0  # seconds
ARENA_MAX = -8  # glibc's M_ARENA_MAX


def share_one_heap() -> None:
    """Make all threads use one heap. Call before starting any thread.

    By default, glibc gives each thread a heap of its own and never returns its free memory: 15 to 60 MB for every thread that
    once held large arrays.
    """
    if mallopt := _glibc("mallopt"):
        mallopt(ARENA_MAX, 1)


def _glibc(name: str) -> Callable[..., int] | None:
    """A function of glibc, or None. Other C libraries return memory by themselves or have no such function."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None


def trim_heap() -> None:
    """Return free memory to the system now; takes a few milliseconds, without the GIL."""
    if trim := _glibc("malloc_trim"):
        trim(0)


class HeapTrimmer:
    """Trims the heap every PERIOD. Call `update` once a frame; trimming runs on a thread."""

    def __init__(self) -> None:
        self._due, self._executor = PERIOD, ThreadPoolExecutor(1, thread_name_prefix="heap")
        self._work: Future[None] | None = None

    def update(self, now: float) -> None:
        """now: seconds on any steady clock."""
        if now >= self._due and (self._work is None or self._work.done()):
            self._due, self._work = now + PERIOD, self._executor.submit(trim_heap)

    def close(self) -> None:
        self._executor.shutdown(wait=True)
