"""The two ends of the protocol: lines from stdin and lines to stdout, which nothing else reads or writes."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import BinaryIO

import anyio.to_thread

TOO_LONG = "a message that is too long"  # no JSON: it is answered as what can't be read


@contextmanager
def standard_handles() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """(stdin, stdout) for the protocol alone. Meanwhile, what is printed goes to stderr, also from C, and stdin is empty."""
    kept = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    sys.stdout.flush()
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    os.close(nowhere)
    try:
        yield os.fdopen(kept[0], "rb", closefd=False), os.fdopen(kept[1], "wb", closefd=False)
    finally:
        sys.stdout.flush()
        os.dup2(kept[0], 0)
        os.dup2(kept[1], 1)


class LinesIn:
    """What a client sends, line by line. Its thread doesn't keep the program from ending, as a reader's usually does.

    most: bytes of a line; a longer one is replaced by TOO_LONG
    """

    def __init__(self, source: BinaryIO, most: int) -> None:
        self._source, self._most = source, most
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue(1)  # who sends faster than is answered waits
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    def __aiter__(self) -> LinesIn:
        return self

    async def __anext__(self) -> str:
        if (line := await self._lines.get()) is None:
            raise StopAsyncIteration
        return line

    def _read(self) -> None:
        with suppress(RuntimeError, CancelledError):  # the loop ended meanwhile
            while line := self._source.readline(self._most + 1):
                self._pass_on(TOO_LONG if self._skip(line) else line.decode("utf-8", "replace"))
            self._pass_on(None)

    def _skip(self, line: bytes) -> bool:
        """Whether a line is too long; then its rest is read and forgotten."""
        long = len(line) > self._most
        while long and line and not line.endswith(b"\n"):
            line = self._source.readline(1 << 20)
        return long

    def _pass_on(self, line: str | None) -> None:
        asyncio.run_coroutine_threadsafe(self._lines.put(line), self._loop).result()


class LinesOut:
    """What is sent to a client. Once it has gone, nothing more is sent, which is no error."""

    def __init__(self, target: BinaryIO) -> None:
        self._target, self._gone = target, False

    async def write(self, text: str) -> None:
        await anyio.to_thread.run_sync(self._write, text.encode("utf-8", "replace"), abandon_on_cancel=True)

    async def flush(self) -> None:
        """`write` has done it."""

    def _write(self, data: bytes) -> None:
        if self._gone:
            return
        try:
            self._target.write(data)
            self._target.flush()
        except OSError:
            self._gone = True
