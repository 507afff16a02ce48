"""Earlier versions of world files: what a save replaces is kept, the last three of each file, bounded in size."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from base.errors import InputError
from base.reading import is_file, is_folder
from engine.storage.world import read_world

VERSIONS = 3  # kept of each world file
MAX_BYTES = 4 << 30  # of all versions of a file together


def versions_folder(world: Path, data: Path) -> Path:
    """Where the earlier versions of a world file are. data: the program's data folder."""
    where = Path(os.path.realpath(world))
    return data / "versions" / f"{where.stem[:40]}-{hashlib.sha256(os.fsencode(where)).hexdigest()[:12]}"


def list_versions(world: Path, data: Path) -> list[Path]:
    """The earlier versions of a world file, newest first."""
    return sorted(versions_folder(world, data).glob("*.world"), reverse=True)


def keep_version(world: Path, data: Path, now: datetime | None = None) -> Path | None:
    """Keep the present content of a world file before it is replaced; the version, or None where there is nothing to keep.

    A hard link where the disk allows one: `atomic_write` replaces the file and leaves the linked content alone.
    Older versions go, down to VERSIONS and MAX_BYTES. Raises InputError where nothing can be kept.
    """
    if not is_file(world):
        return None
    folder = versions_folder(world, data)
    kept = folder / f"{(now or datetime.now(UTC)).strftime('%Y-%m-%d %H-%M-%S-%f')}.world"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _copy(world, kept)
        _forget_oldest(list_versions(world, data))
    except OSError:
        kept = world.with_name(f"{world.name}~")  # the data folder can't be written: one version, beside the file
        try:
            kept.unlink(missing_ok=True)
            _copy(world, kept)
        except OSError as error:
            problem = f"was not replaced: its older version can't be kept ({error.strerror})"
            raise InputError(world, "", problem) from error
    return kept


def count_tiles(world: Path) -> int:
    """Painted tiles of a world file or journal; 0 where there is none or it can't be read."""
    try:
        return read_world(world).count if is_file(world) or is_folder(world) else 0
    except InputError:
        return 0


def _copy(world: Path, kept: Path) -> None:
    """Link or, on a disk without links, copy a file; nothing half copied stays. Raises OSError."""
    source = os.path.realpath(world)
    try:
        os.link(source, kept)
    except OSError:
        try:
            shutil.copy2(source, kept)
        except OSError:
            with suppress(OSError):
                kept.unlink(missing_ok=True)
            raise


def _forget_oldest(versions: list[Path]) -> None:
    """Remove all but the newest VERSIONS, and of them those beyond MAX_BYTES; the newest stays."""
    size = 0
    for number, path in enumerate(versions):
        size += path.stat().st_size
        if number >= VERSIONS or (number and size > MAX_BYTES):
            path.unlink(missing_ok=True)
