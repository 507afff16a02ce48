"""Faults injected into what touches the disk: the n-th call fails, for n = 1, 2, … until a run ends without one, as SQLite tests."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

# what may fail: owner and name of each function that a save calls
POINTS = ((os, "open"), (os, "fsync"), (os, "replace"), (os, "link"), (Path, "open"), (Path, "mkdir"), (Path, "replace"),
          (Path, "write_bytes"), (Path, "write_text"), (Path, "chmod"), (Path, "stat"))  # fmt: skip
ERRORS = (errno.ENOSPC, errno.EIO, errno.EMFILE, errno.EINTR, errno.ENOMEM)


class Injector:
    """Counts the calls of POINTS; the one of number `fails` raises. fired: whether it came."""

    def __init__(self, fails: int, number: int) -> None:
        self.fails, self.number, self.calls, self.fired = fails, number, 0, False

    def watch(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.calls == self.fails:
                self.fired = True
                raise OSError(self.number, os.strerror(self.number))
            return function(*args, **kwargs)

        return watched


class FaultyFile(io.BufferedReader):
    """A file that is read, with its calls counted by an injector."""

    injector: Injector

    def read(self, size: int | None = -1) -> bytes:
        return self.injector.watch(super().read)(size)

    def readinto(self, buffer: Any) -> int:
        return self.injector.watch(super().readinto)(buffer)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.injector.watch(super().seek)(offset, whence)


@contextmanager
def faulty_reads(fails: int, number: int) -> Iterator[Injector]:
    """The call of number `fails` that opens, reads or searches in a file for reading raises."""
    injector = Injector(fails, number)

    class Watched(FaultyFile):
        pass

    Watched.injector = injector

    def fdopen(handle: int, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        return Watched(io.FileIO(handle)) if mode == "rb" else open(handle, mode, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", injector.watch(os.open))
        patch.setattr(os, "fstat", injector.watch(os.fstat))
        patch.setattr(os, "fdopen", fdopen)
        patch.setattr(Path, "stat", injector.watch(Path.stat))
        yield injector


@contextmanager
def faulty(fails: int, number: int) -> Iterator[Injector]:
    injector = Injector(fails, number)
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in POINTS:
            patch.setattr(owner, name, injector.watch(getattr(owner, name)))
        yield injector


Faults = Callable[[int, int], AbstractContextManager[Injector]]


def fail_everywhere(
    act: Callable[[], object], after: Callable[[BaseException | None], None], faults: Faults = faulty
) -> int:
    """Run `act` with each of its calls failing once by each error, and `after` with what it raised. Returns the number of runs."""
    runs = 0
    for number in ERRORS:
        for fails in range(1, 10_000):
            raised: BaseException | None = None
            with faults(fails, number) as injector:
                try:
                    act()
                except Exception as error:
                    raised = error
            after(raised)
            runs += 1
            if not injector.fired:
                break
    return runs
