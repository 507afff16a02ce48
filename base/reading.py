"""Reads all files from outside: regular files only, bounded in size, with one sentence for errors.

Nothing here blocks: a FIFO, a socket, a device, a folder or a circle of links is refused at once.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from base.errors import InputError, shorten

MOST_BYTES = 64 << 20
MOST_DEPTH = 100  # JSON values inside each other
MOST_DIGITS = 100  # of a number; an integer of this length still fits a float
KINDS = {
    stat.S_IFDIR: "is a folder",
    stat.S_IFIFO: "is a FIFO",
    stat.S_IFSOCK: "is a socket",
    stat.S_IFCHR: "is a device",
    stat.S_IFBLK: "is a device",
}


@contextmanager
def open_regular(path: str | Path, what: str, most: int | None = None) -> Iterator[BinaryIO]:
    """A regular file, opened for reading. what: what it should be, e.g. "a picture"; most: bytes allowed.

    Raises InputError for what is missing, not a regular file or too large, and for a disk that fails while it is read.
    """
    ends = f"it must be {what}"
    try:
        _refuse(Path(path).stat(), path, ends, most)  # opening a device may already do something to it
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise InputError(path, "", f"does not exist; {ends}") from None
    except OSError as error:
        raise InputError(path, "", f"can't be read ({error.strerror or error}); {ends}") from error
    except ValueError as error:  # a NUL byte, or characters that no file name has
        raise InputError(path, "", f"is not a file name ({error}); {ends}") from error
    with os.fdopen(handle, "rb") as file:
        try:
            _refuse(os.fstat(handle), path, ends, most)
            yield file
        except OSError as error:
            raise InputError(path, "", f"can't be read ({error.strerror or error}); {ends}") from error


def refuse_irregular(path: str | Path, what: str, most: int | None = None) -> Path:
    """`path` for a library that opens files itself. Raises InputError as `open_regular` does."""
    with open_regular(path, what, most):
        return Path(path)


def read_bytes(path: str | Path, what: str, most: int = MOST_BYTES) -> bytes:
    """All bytes of a file. Raises InputError as `open_regular` does; files that have no size, as in /proc, count too."""
    with open_regular(path, what, most) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise InputError(path, "", f"is larger than {_size(most)}; it must be {what}")
    return data


def read_text(path: str | Path, what: str, most: int = MOST_BYTES) -> str:
    """The text of a file in UTF-8, without its byte order mark. Raises InputError as `open_regular` does, or for no text."""
    data = read_bytes(path, what, most)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(path, "", f"is not UTF-8 text (line {line}); it must be {what}") from None


def read_json(path: str | Path, what: str, most: int = MOST_BYTES, *, names: bool = False) -> Any:
    """The value in a JSON file. Raises InputError as `read_text` and `parse_json` do."""
    return parse_json(read_text(path, what, most), path, what, names=names)


def parse_json(text: str | bytes, where: object, what: str, field: str = "", *, names: bool = False) -> Any:
    """The value of a JSON text. where, field: its place, for the InputError; what: what it should be.

    Stricter than Python's: no NaN, no infinities, no number of more than MOST_DIGITS digits, no key twice in an object,
    no value deeper than MOST_DEPTH, no half of a surrogate pair. names: allow the halves that stand for undecodable
    bytes of file names, for what this program wrote itself.
    """
    try:
        value = json.loads(
            text, parse_int=_whole, parse_float=_real, parse_constant=_constant, object_pairs_hook=_object
        )
        _refuse_depth_and_halves(value, "\ud800-\udbff\udc00-\udc7f\udd00-\udfff" if names else "\ud800-\udfff")
    except RecursionError:
        raise InputError(where, field, f"is not JSON (nested too deeply); it must be {what}") from None
    except (ValueError, OverflowError) as error:
        raise InputError(where, field, f"is not JSON ({shorten(str(error))}); it must be {what}") from error
    return value


def is_file(path: str | Path) -> bool:
    """Whether something that is no folder stands there; False, not an error, for names that no file can have."""
    return os.path.exists(path) and not os.path.isdir(path)  # noqa: PTH110, PTH112 (those of Path raise for some names)


def is_folder(path: str | Path) -> bool:
    """Whether a folder stands there; False, not an error, for names that none can have."""
    return os.path.isdir(path)  # noqa: PTH112


def _refuse(found: os.stat_result, path: str | Path, ends: str, most: int | None) -> None:
    """InputError for what is not a regular file, or larger than `most` bytes."""
    if not stat.S_ISREG(found.st_mode):
        raise InputError(path, "", f"{KINDS.get(stat.S_IFMT(found.st_mode), 'is not a regular file')}; {ends}")
    if most is not None and found.st_size > most:
        raise InputError(path, "", f"is larger than {_size(most)}; {ends}")


def _size(most: int) -> str:
    return f"{most >> 20} MiB" if most >= 1 << 20 else f"{most >> 10} KiB"


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _real(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"a number as large as {shorten(digits, 40)}")
    return value


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r} stands twice in an object")
    return found


def _refuse_depth_and_halves(value: Any, halves: str) -> None:
    """ValueError for values deeper than MOST_DEPTH and for texts with half of a surrogate pair."""
    half = re.compile(f"[{halves}]")
    level = [value]
    for _ in range(MOST_DEPTH + 1):
        texts = [v for v in level if isinstance(v, str)] + [k for v in level if isinstance(v, dict) for k in v]
        if any(half.search(text) for text in texts):
            raise ValueError("half of a surrogate pair in a text")
        level = [
            inner
            for v in level
            if isinstance(v, dict | list)
            for inner in (v.values() if isinstance(v, dict) else v)
            if isinstance(inner, dict | list | str)
        ]
        if not level:
            return
    raise ValueError("nested too deeply")
