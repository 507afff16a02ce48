"""The protocol's input and output: lines from stdin and to stdout, which nothing else uses."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

import anyio.to_thread
from mcp_types import jsonrpc_message_adapter

from base.errors import InputError, shorten
from base.reading import parse_json

TOO_LONG = "a message that is too long"  # invalid JSON, so it is answered as a parse error
NO_JSON, NO_MESSAGE = -32700, -32600  # JSON-RPC's error codes


@contextmanager
def standard_handles() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Yield (stdin, stdout) for the protocol alone. Meanwhile prints, also from C, go to stderr, and stdin is empty."""
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
    """A client's lines. Reads on a daemon thread, so that a pending read can't keep the program from ending.

    most: bytes of a line; a longer one is replaced by TOO_LONG
    """

    def __init__(self, source: BinaryIO, most: int) -> None:
        self._source, self._most = source, most
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str | None] = asyncio.Queue(
            1
        )  # a client that sends faster than it is answered has to wait
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    def __aiter__(self) -> LinesIn:
        return self

    async def __anext__(self) -> str:
        if (line := await self._lines.get()) is None:
            raise StopAsyncIteration
        return line

    def _read(self) -> None:
        with suppress(RuntimeError, CancelledError):  # the event loop has ended
            while line := self._source.readline(self._most + 1):
                self._pass_on(TOO_LONG if self._skip(line) else line.decode("utf-8", "replace"))
            self._pass_on(None)

    def _skip(self, line: bytes) -> bool:
        """Whether a line is too long; if so, skip the rest of it."""
        long = len(line) > self._most
        while long and line and not line.endswith(b"\n"):
            line = self._source.readline(1 << 20)
        return long

    def _pass_on(self, line: str | None) -> None:
        asyncio.run_coroutine_threadsafe(self._lines.put(line), self._loop).result()


class LinesOut:
    """Lines to a client. After it disconnects, writes have no effect."""

    def __init__(self, target: BinaryIO) -> None:
        self._target, self._gone = target, False

    async def write(self, text: str) -> None:
        await anyio.to_thread.run_sync(self._write, text.encode("utf-8", "replace"), abandon_on_cancel=True)

    async def flush(self) -> None:
        """Do nothing: `write` flushes."""

    def _write(self, data: bytes) -> None:
        if self._gone:
            return
        try:
            self._target.write(data)
            self._target.flush()
        except OSError:
            self._gone = True


class CheckedLines:
    """The messages among a client's lines. Other lines are answered with an error; the SDK would drop them without a word."""

    def __init__(self, lines: LinesIn, out: LinesOut) -> None:
        self._lines, self._out = lines, out

    def __aiter__(self) -> CheckedLines:
        return self

    async def __anext__(self) -> str:
        while True:
            line = await anext(self._lines)
            if not line.strip():
                continue
            if (refused := refuse_line(line)) is None:
                return line
            await self._out.write(json.dumps(refused) + "\n")


def refuse_line(line: str) -> dict[str, Any] | None:
    """JSON-RPC's error response to a line that is no message; None for a message."""
    number: str | int | None = None
    try:
        value = parse_json(line, "The line", "a message of JSON-RPC 2.0")
        given = value.get("id", "") if isinstance(value, dict) else ""
        if isinstance(given, str | int) and not isinstance(given, bool):
            number = None if given == "" else given
            jsonrpc_message_adapter.validate_python(value, by_name=False)
            return None
        code, problem = NO_MESSAGE, f"The id is {shorten(json.dumps(given))}; it must be a text or a whole number."
    except InputError as error:
        code, problem = NO_JSON, str(error)
    except ValueError:
        code, problem = NO_MESSAGE, "The line is no request, notification or response of JSON-RPC 2.0."
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": problem}}
