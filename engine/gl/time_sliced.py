"""GL work too long for one frame, split into slices of a few milliseconds that run between frames."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Generic, TypeVar

import moderngl
import numpy as np

from engine.gl.context import wait_for_gl

T = TypeVar("T")
Slices = Generator[
    None, None, T
]  # Yields after each slice and returns the result. Other drawing may happen in between, so each slice sets its own GL state.
Box = tuple[int, int, int, int]  # x, y, width, height
PIXELS_PER_SLICE = 1 << 15  # of a view, drawn in one slice
POLL = 0.001  # seconds that a slice waits for a thread
_THREAD = ThreadPoolExecutor(1, thread_name_prefix="slices")  # its thread starts with its first work


class TimeSlicedTask(Generic[T]):
    """Runs a generator of slices and keeps its result. GL thread only."""

    def __init__(self, ctx: moderngl.Context, slices: Slices[T]) -> None:
        self._ctx, self._slices = ctx, slices
        self._result: list[T] = []
        self.done = False

    @property
    def result(self) -> T:
        """The result, once `done`. IndexError if the task was cancelled or has raised an exception."""
        return self._result[0]

    def run_for(self, seconds: float) -> bool:
        """Run at least one slice, and more while the next one fits into `seconds` if it takes as long as the last. True when done."""
        end = time.perf_counter() + seconds
        while not self.done:
            began = time.perf_counter()
            self._run_slice()
            wait_for_gl(self._ctx)
            now = time.perf_counter()
            if now + (now - began) > end:
                break
        return self.done

    def run_to_end(self) -> T:
        """Run all remaining slices now and return the result."""
        while not self.done:
            self._run_slice()
        return self.result

    def remaining_slices(self) -> Slices[T]:
        """Yield once per remaining slice, then return the result: makes this task part of a longer one."""
        while not self.run_for(0.0):
            yield
        return self.result

    def cancel(self) -> None:
        """Stop for good; there is no result."""
        self._slices.close()
        self.done = True

    def _run_slice(self) -> None:
        try:
            next(self._slices)
        except StopIteration as end:
            self._result, self.done = [end.value], True
        except BaseException:
            self.done = True
            raise


def run_on_thread(work: Callable[[], T]) -> Slices[T]:
    """Run work that needs no GL on a thread, and yield until it is done: a part of a task that computes without holding up frames.

    Raises what the work raised. A task that is cancelled leaves the work to end by itself.
    """
    future = _THREAD.submit(work)
    while True:
        try:
            return future.result(timeout=POLL)
        except TimeoutError:
            if future.done():
                raise  # the work's own
        yield


def split_rows(counts: np.ndarray, most: int) -> Iterator[tuple[int, int]]:
    """Yield consecutive row ranges (first, end) whose counts [rows] add up to about `most` each; empty rows at both ends are skipped."""
    filled = np.flatnonzero(counts)
    if not filled.size:
        return
    first, end = int(filled[0]), int(filled[-1]) + 1
    total = np.cumsum(counts[first:end])
    cuts = first + 1 + np.flatnonzero(np.diff((total - 1) // most))
    yield from zip([first, *cuts.tolist()], [*cuts.tolist(), end], strict=True)


def split_into_bands(size: tuple[int, int]) -> Iterator[Box]:
    """Cut a view of (width, height) pixels into bands. Drawing band by band gives the same picture bit for bit."""
    width, height = size
    rows = max(1, PIXELS_PER_SLICE // width)
    for low in range(0, height, rows):
        yield 0, low, width, min(rows, height - low)


@contextmanager
def scissor(frame: moderngl.Framebuffer, box: Box) -> Iterator[None]:
    """Bind the framebuffer and restrict drawing to a box of it."""
    frame.use()
    frame.scissor = box
    try:
        yield
    finally:
        frame.scissor = None  # pyright: ignore[reportAttributeAccessIssue]
