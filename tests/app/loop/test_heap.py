"""Holes in the heap go back to the system, and what torch prepares for each size of a canvas doesn't pile up."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

import psutil
import pytest

from app.loop.heap import PERIOD, HeapTrimmer, _glibc

BLOCK, COUNT = 50_000, 4000  # bytes, which the C library takes from its heap: 200 MB


glibc = pytest.mark.skipif(_glibc("malloc_trim") is None, reason="this C library can't be asked")
# Threads come and go and hold megabytes, as planners do: what stays after all is freed and the holes are given back, in bytes.
# All four hold theirs at the same time, since one that has ended leaves its heap to the next. Freeing 24 MB first fixes up to which
# size the C library takes blocks from heaps (24 MB) and how much it keeps at the end of each (twice that); else, both grow as blocks
# are freed, and depend on which thread was first.
THREADS = """
import sys, threading
import numpy as np, psutil
from app.loop.heap import PERIOD, HeapTrimmer, share_one_heap
if sys.argv[1] == "one":
    share_one_heap()

np.ones(3 << 20)
together = threading.Barrier(4)

def work(seed):
    random = np.random.default_rng(seed)
    for _ in range(10):
        held = [np.ones(int(random.integers(1, 6) << 17)) for _ in range(8)]
        together.wait()
        del held

before = psutil.Process().memory_info().rss
for seed in range(0, 12, 4):
    threads = [threading.Thread(target=work, args=(seed + i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
heap = HeapTrimmer()
heap.update(PERIOD)
heap.close()
print(psutil.Process().memory_info().rss - before)
"""
# Convolutions over pictures of many sizes: by how many bytes the last 150 sizes grow the program, after 100 others.
SIZES = """
import sys
if sys.argv[1] == "ours":
    import app.__main__
import psutil, torch

torch.set_num_threads(1)
parts = [torch.nn.Conv2d(32, 32, side, padding=side // 2) for side in (3, 1, 5)]
network = torch.nn.Sequential(*parts, torch.nn.ConvTranspose2d(32, 32, 2, 2))

@torch.no_grad()
def run(widths):
    for width in widths:
        network(torch.zeros(1, 32, 16, width))

run(range(8, 108))
before = psutil.Process().memory_info().rss
run(range(108, 258))
print(psutil.Process().memory_info().rss - before)
"""


def test_sizes_of_canvases_do_not_pile_up() -> None:
    kept = {k: v for k, v in os.environ.items() if k not in ("LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY")}

    def grown(how: str) -> int:
        command = [sys.executable, "-c", SIZES, how]
        return int(subprocess.run(command, env=kept, capture_output=True, check=True).stdout)

    # the median, because a heap grows in large steps; on a processor for which torch prepares little, both are small
    ours, theirs = (statistics.median(grown(how) for _ in range(3)) for how in ("ours", "theirs"))
    assert ours < max(theirs / 2, 10e6)


@glibc
def test_threads_leave_nothing_behind_in_one_heap() -> None:
    def left(how: str) -> int:
        return int(subprocess.run([sys.executable, "-c", THREADS, how], capture_output=True, check=True).stdout)

    assert left("one") < 20e6 < left("many")


@glibc
def test_holes_are_given_back() -> None:
    def resident() -> int:
        return psutil.Process().memory_info().rss

    heap = HeapTrimmer()
    blocks = [bytearray(BLOCK) for _ in range(COUNT)]
    kept = blocks[::20]
    full = resident()
    del blocks
    heap.update(PERIOD / 2)
    assert heap._work is None
    heap.update(PERIOD)
    assert heap._work is not None
    heap._work.result(20)
    assert resident() < full - BLOCK * COUNT / 2
    assert len(kept) == COUNT / 20
    first = heap._work
    heap.update(1.5 * PERIOD)
    assert heap._work is first
    heap.update(2.5 * PERIOD)
    assert heap._work is not first
    heap.close()
