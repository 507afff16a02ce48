"""Files: read with a sentence for whatever is wrong, written so that a crash leaves the old one or the new one, never half of one."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from base.errors import InputError


def read_text(path: str | Path, what: str, most: int = 64 << 20) -> str:
    """The text of a file. what: what it should be; most: bytes. Raises InputError when it is missing, too long or no text."""
    path = Path(path)
    try:
        if path.stat().st_size > most:
            raise InputError(path, "", f"is larger than {most >> 20} MiB; it must be {what}")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(path, "", f"does not exist; it must be {what}") from None
    except UnicodeDecodeError:
        raise InputError(path, "", f"is not UTF-8 text; it must be {what}") from None
    except OSError as error:
        raise InputError(path, "", f"can't be read ({error.strerror}); it must be {what}") from error


def read_json(path: str | Path, what: str) -> Any:
    """The value in a JSON file. Raises InputError as `read_text` does, and for what is no JSON."""
    text = read_text(path, what)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(path, "", f"is not JSON ({error}); it must be {what}") from error


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is flushed to disk and renamed over `path`.

    On any exception the temporary file is removed and `path` is as it was.
    Raises InputError when the folder can't be written or the disk is full.
    """
    target = Path(path)
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(target)
    except OSError as error:
        raise InputError(
            target, "", f"could not be written ({error.strerror or error}); nothing was changed"
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def refuse_unwritable(path: str | Path) -> None:
    """InputError where `atomic_write` would fail: to be told before long work, not after it."""
    if Path(path).is_dir():
        raise InputError(path, "", "can't be written: it is a folder")
    folder = next(p for p in Path(path).absolute().parents if p.exists())
    try:  # what permissions say isn't always what happens: root, read-only disks, folders of the kernel
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(path, "", f"can't be written: {folder} is no folder that may be written to") from error
