"""Holes in the heap go back to the system."""

from __future__ import annotations

import psutil
import pytest

from app.loop.heap import PERIOD, Heap, _trimmer

BLOCK, COUNT = 50_000, 4000  # bytes, which the C library takes from its heap: 200 MB


@pytest.mark.skipif(_trimmer() is None, reason="this C library can't be asked")
def test_holes_are_given_back() -> None:
    def resident() -> int:
        return psutil.Process().memory_info().rss

    heap = Heap()
    blocks = [bytearray(BLOCK) for _ in range(COUNT)]
    kept = blocks[::20]
    full = resident()
    del blocks
    heap.tend(PERIOD / 2)
    assert heap._work is None
    heap.tend(PERIOD)
    assert heap._work is not None
    heap._work.result(20)
    assert resident() < full - BLOCK * COUNT / 2
    assert len(kept) == COUNT / 20
    first = heap._work
    heap.tend(1.5 * PERIOD)
    assert heap._work is first
    heap.tend(2.5 * PERIOD)
    assert heap._work is not first
    heap.close()
