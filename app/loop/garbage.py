"""Python's garbage collector beside frames: what is there for good is not looked through again and again."""

from __future__ import annotations

import gc
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
