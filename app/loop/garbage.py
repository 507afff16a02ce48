"""Python's garbage collector beside frames: what is there for good is not looked through again and again."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def for_good() -> Iterator[None]:
    """All that is made inside (and was made before) is taken for lasting: the collector never looks at it again.

    The libraries of a model are half a million objects; to look through them all stops every thread for a third of a second,
    again and again. What is large must therefore be in no cycle of references: then it goes without the collector.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


def clear_traceback(error: BaseException | None) -> None:
    """Of an error that was told: what the calls knew that it came through. One that knew the error, or the future that it came from,
    is a cycle of references, and all that it knew, an opened scene perhaps, would wait for the collector."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
