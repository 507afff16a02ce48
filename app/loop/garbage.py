"""Keeps Python's garbage collector from delaying frames."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def exempt_from_collection() -> Iterator[None]:
    """Exempt all objects that exist at the end of the block from garbage collection, for good.

    A model's libraries create half a million objects; each scan of them stops every thread for a third of a second. Exempted
    objects are still freed when their last reference goes, so large ones must not be part of a reference cycle.
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
    """Clear the local variables in the traceback of an error that was handled, and of its causes.

    A frame that refers to the error, or to its future, forms a reference cycle. Everything else in that frame, such as an open
    scene, would stay in memory until the next garbage collection.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
