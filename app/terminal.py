"""Terminal output: any encoding, user text without markup or control characters, one sentence if output fails.

The program writes through `guard_streams` and through `open_console`.
"""

from __future__ import annotations

import codecs
import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOBase
from typing import Any, TextIO

from base.errors import escape_controls

# What stands for a character that the terminal's encoding lacks; the others become escapes.
PLAIN = {
    "•": "*",
    "→": "->",
    "…": "...",
    "“": '"',
    "”": '"',
    "’": "'",
    "×": "x",
    "–": "-",
    "−": "-",
    "²": "^2",
    "─": "-",
}


class OutputLostError(Exception):
    """Nothing more can be written to the standard output. broken_pipe: because its reader left."""

    def __init__(self, error: OSError) -> None:
        self.broken_pipe = isinstance(error, BrokenPipeError)
        super().__init__(f"the output could not be written ({error.strerror or error})")


class _Guarded:
    """A text stream whose failures are ours: OutputLostError where it matters, silence where it doesn't."""

    def __init__(self, stream: TextIO | TextIOBase, needed: bool) -> None:
        self._stream, self._needed = stream, needed

    def write(self, text: str) -> int:
        with self._watched():
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with self._watched():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._abandon()
            if self._needed:
                raise OutputLostError(error) from error

    def _abandon(self) -> None:
        """What is still buffered goes nowhere, so that it does not fail again when the interpreter ends."""
        with suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)


class _Closed(TextIOBase):
    """What stands for a stream that was closed before the program began: Python has None there, and print takes that for stdout."""

    encoding, errors = "utf-8", "strict"  # pyright: ignore[reportAssignmentType] (as a text stream has)

    def write(self, text: str) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def open_missing_handles() -> None:
    """Open what of the handles 0, 1 and 2 is closed: the next file to be opened would be what libraries write their errors to."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)


@contextmanager
def guard_streams() -> Iterator[None]:
    """Within it, sys.stdout raises OutputLostError when it fails, sys.stderr falls silent, and both take any character."""
    codecs.register_error("rayverie", _replace)
    before = sys.stdout, sys.stderr
    for stream in before:
        with suppress(AttributeError, OSError, ValueError):  # not every stream can be reconfigured
            stream.reconfigure(errors="rayverie")  # pyright: ignore[reportAttributeAccessIssue]
    out, err = (_Guarded(s or _Closed(), needed) for s, needed in zip(before, (True, False), strict=True))
    sys.stdout, sys.stderr = out, err  # pyright: ignore[reportAttributeAccessIssue]
    try:
        yield
        sys.stdout.flush()
    finally:
        sys.stdout, sys.stderr = before


def open_console(*, errors: bool = False) -> Any:
    """A rich console on the standard output, or that of errors. Texts are never markup, nor ":smile:" a picture."""
    from rich.console import Console

    class PlainConsole(Console):
        def print(self, *objects: Any, **how: Any) -> None:
            super().print(*(escape_controls(o) if isinstance(o, str) else o for o in objects), **how)

    return PlainConsole(stderr=errors, markup=False, emoji=False)


def escape_json(text: str) -> str:
    """JSON with the control characters in its texts escaped, which JSON itself allows in them."""
    return "\n".join(
        "".join(_escape(c) for c in line) if escape_controls(line) != line else line for line in text.split("\n")
    )


def _escape(character: str) -> str:
    return character if escape_controls(character) == character else f"\\u{ord(character):04x}"


def _replace(error: UnicodeError) -> tuple[str, int]:
    """An error handler of codecs: characters of PLAIN, else escapes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(PLAIN.get(c, c.encode("unicode_escape", "surrogatepass").decode()) for c in text), error.end
