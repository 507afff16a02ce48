"""Work that is more than a frame may hold, done in pieces of a few milliseconds, whatever is drawn between them."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import moderngl
import numpy as np

from engine.gl.context import finish

T = TypeVar("T")
Pieces = Generator[
    None, None, T
]  # yields after each piece, which sets what it needs of GL's state itself; returns the result
Box = tuple[int, int, int, int]  # x, y, width, height
PIXELS = 1 << 15  # of a view that are drawn in a piece


class TimeSlicedTask(Generic[T]):
    """A generator of pieces, and what came of it. GL thread."""

    def __init__(self, ctx: moderngl.Context, pieces: Pieces[T]) -> None:
        self._ctx, self._pieces = ctx, pieces
        self._result: list[T] = []
        self.done = False

    @property
    def result(self) -> T:
        """Once it is done. IndexError when it was abandoned, or raised something."""
        return self._result[0]

    def step(self, seconds: float) -> bool:
        """As many pieces as there is time for, if the next takes as long as the last, but one at least. True when all are done."""
        end = time.perf_counter() + seconds
        while not self.done:
            began = time.perf_counter()
            self._go_on()
            finish(self._ctx)
            now = time.perf_counter()
            if now + (now - began) > end:
                break
        return self.done

    def whole(self) -> T:
        """All that is left, now."""
        while not self.done:
            self._go_on()
        return self.result

    def by_piece(self) -> Pieces[T]:
        """What is left, a piece for each step of a generator: as a part of a longer work."""
        while not self.step(0.0):
            yield
        return self.result

    def abandon(self) -> None:
        self._pieces.close()
        self.done = True

    def _go_on(self) -> None:
        try:
            next(self._pieces)
        except StopIteration as end:
            self._result, self.done = [end.value], True
        except BaseException:
            self.done = True
            raise


def runs(counts: np.ndarray, most: int) -> Iterator[tuple[int, int]]:
    """Rows (from, to) whose counts [rows] sum up to about `most`, one after the other; rows of nothing at either end are left out."""
    filled = np.flatnonzero(counts)
    if not filled.size:
        return
    first, end = int(filled[0]), int(filled[-1]) + 1
    total = np.cumsum(counts[first:end])
    cuts = first + 1 + np.flatnonzero(np.diff((total - 1) // most))
    yield from zip([first, *cuts.tolist()], [*cuts.tolist(), end], strict=True)


def bands(size: tuple[int, int]) -> Iterator[Box]:
    """A view of so many pixels, cut from top to bottom: drawn band by band it is the same picture, bit for bit."""
    width, height = size
    rows = max(1, PIXELS // width)
    for low in range(0, height, rows):
        yield 0, low, width, min(rows, height - low)


@contextmanager
def clipped(frame: moderngl.Framebuffer, box: Box) -> Iterator[None]:
    """Use the framebuffer, and draw nothing outside a box of it."""
    frame.use()
    frame.scissor = box
    try:
        yield
    finally:
        frame.scissor = None  # pyright: ignore[reportAttributeAccessIssue]
