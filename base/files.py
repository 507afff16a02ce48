"""Files written so that a crash leaves the old one or the new one, never half of one."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from base.errors import InputError
from base.reading import KINDS


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is flushed to disk and renamed over `path`.

    A link stays a link: what it points to is replaced. An existing file keeps its mode (and owner), a new one has what the
    umask leaves. A device or FIFO is not replaced: it gets the bytes when they are complete.
    On any exception the temporary file is removed and `path` is as it was.
    Raises InputError when the folder can't be written or the disk is full.
    """
    temporary: Path | None = None
    try:
        found = _find_status(path)
        if found is not None and not stat.S_ISREG(found.st_mode):
            _refuse_special(path, found)
            handle, name = tempfile.mkstemp(suffix=Path(path).suffix)
            os.close(handle)
            temporary = Path(name)
            yield temporary
            _pour(temporary, path)
            return
        target = Path(os.path.realpath(path))
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary, mode = _beside(target, found)
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        if found is not None:
            with suppress(OSError, AttributeError):  # only root may give files away, and only where there are owners
                os.chown(temporary, found.st_uid, found.st_gid)
        temporary.chmod(mode)
        temporary.replace(target)
    except OSError as error:
        raise InputError(path, "", f"could not be written ({error.strerror or error}); nothing was changed") from error
    except ValueError as error:
        if temporary is not None:
            raise
        raise InputError(path, "", f"is not a file name ({error})") from error
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def refuse_unwritable(path: str | Path) -> None:
    """InputError where `atomic_write` would fail: to be raised before long work, not after it."""
    try:
        found = _find_status(path)
        if found is not None and not stat.S_ISREG(found.st_mode):
            _refuse_special(path, found)
            if stat.S_ISFIFO(found.st_mode):
                _hold_open(path)
            return
        target = Path(os.path.realpath(path))
        folder = next(p for p in target.parents if p.exists())
        most = os.pathconf(folder, "PC_NAME_MAX") if hasattr(os, "pathconf") else 255
        if any(len(os.fsencode(part)) > most for part in target.relative_to(folder).parts):
            raise InputError(path, "", f"can't be written: a name in it has more than the {most} bytes allowed")
        if found is not None and not os.access(target, os.W_OK):
            raise InputError(path, "", "can't be written: it is write-protected")
    except OSError as error:
        raise InputError(path, "", f"can't be written ({error.strerror or error})") from error
    except ValueError as error:
        raise InputError(path, "", f"is not a file name ({error})") from error
    try:  # what permissions say isn't always what happens: root, read-only disks, folders of the kernel
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise InputError(path, "", f"can't be written: {folder} is no folder that may be written to") from error


def _find_status(path: str | Path) -> os.stat_result | None:
    """What stands at a path, through links; None where nothing does. Raises OSError, for a circle of links too."""
    try:
        return Path(path).stat()
    except FileNotFoundError:
        return None


def _refuse_special(path: str | Path, found: os.stat_result) -> None:
    """InputError for what bytes can't be written to; a disk is never meant."""
    if not stat.S_ISCHR(found.st_mode) and not stat.S_ISFIFO(found.st_mode):
        kind = KINDS.get(stat.S_IFMT(found.st_mode), "is not a regular file")
        raise InputError(path, "", f"can't be written: it {kind}")


def _beside(target: Path, found: os.stat_result | None) -> tuple[Path, int]:
    """(an empty file beside a target, the mode that it gets in the end). found: the target as it is, or None."""
    if found is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "it is write-protected")
    suffix = target.suffix if len(target.suffix) <= 16 else ""  # not of a name as long as the disk allows
    while True:
        temporary = target.with_name(f".{target.stem[:32]}-{secrets.token_hex(4)}{suffix}")
        with suppress(FileExistsError):
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if found is None else 0o600)
            mode = os.fstat(handle).st_mode if found is None else found.st_mode
            os.close(handle)
            return temporary, stat.S_IMODE(mode)


def _pour(source: Path, target: str | Path) -> None:
    """Write a file's bytes into a device or FIFO; a FIFO that nobody reads is an error at once."""
    handle = _open_special(target)
    held = _held.pop(os.path.realpath(target), None)
    if held is not None:
        os.close(held)
    os.set_blocking(handle, True)
    with source.open("rb") as read, os.fdopen(handle, "wb") as write:
        shutil.copyfileobj(read, write)


_held: dict[str, int] = {}  # FIFOs that were found to have a reader: closing one would signal the end to it


def _hold_open(path: str | Path) -> None:
    """Open a FIFO until it is written. Raises OSError where nobody reads it."""
    name = os.path.realpath(path)
    if name not in _held:
        _held[name] = _open_special(name)


def _open_special(path: str | Path) -> int:
    """Open a device or FIFO for writing without waiting. Raises OSError, also for a FIFO that nobody reads."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise OSError(errno.ENXIO, "nobody reads from it") from error
        raise


def expand_user(path: str | Path) -> Path:
    """A path with `~` or `~user` in front replaced by the home folder; the name of no user stays as it is."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 (Path's raises for the name of no user)
