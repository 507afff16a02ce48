"""What lies in a folder, as far as the explorer can open it. Reads the disk, so never on the frame's thread."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.files.picture import SUFFIXES
from base.errors import InputError
from engine.render.film_files import CODECS

MOST = 2000  # entries listed of one folder
# suffix → what a file of it is called
KINDS: Mapping[str, str] = {
    **dict.fromkeys(SUFFIXES, "picture"),
    ".yaml": "materials",
    ".yml": "materials",
    ".json": "camera path",
    ".world": "world",
    ".safetensors": "world",
    **dict.fromkeys(CODECS, "film"),
}


@dataclass(frozen=True)
class Entry:
    """kind: "folder", "scene" (a folder with map and materials), or one of KINDS; changed: seconds since 1970."""

    path: Path
    kind: str
    bytes: int
    changed: float

    @property
    def folder(self) -> bool:
        return self.kind in ("folder", "scene")


@dataclass(frozen=True)
class Found:
    """What a typed path means. folder: what to show; entries: of it; entry: the file of it that was typed."""

    folder: Path
    entries: tuple[Entry, ...]
    entry: Entry | None = None


def find(path: Path) -> Found:
    """The folder at a path, or the file there and its folder. Raises InputError when there is neither, or none that can be opened."""
    if not path.is_file():
        return Found(path, listing(path))
    entries = listing(path.parent)
    entry = next((e for e in entries if e.path == path), None)
    if entry is None:
        raise InputError(path, "", "is not a kind of file that can be opened")
    return Found(path.parent, entries, entry)


def listing(folder: Path) -> tuple[Entry, ...]:
    """Folders first, then files that can be opened, each by name; hidden ones are left out. Raises InputError."""
    found = []
    try:
        with os.scandir(folder) as items:
            for item in items:
                entry = None if item.name.startswith(".") else _entry(item)
                if entry is not None:
                    found.append(entry)
                if len(found) == MOST:
                    break
    except OSError as error:
        raise InputError(folder, "", f"can't be listed ({error.strerror or error})") from error
    return tuple(sorted(found, key=lambda e: (not e.folder, e.path.name.lower())))


def _entry(item: os.DirEntry[str]) -> Entry | None:
    """None for what can't be opened, or has gone meanwhile."""
    path = Path(item.path)
    try:
        folder, facts = item.is_dir(), item.stat()
    except OSError:
        return None
    if folder:
        kind = "scene" if (path / "materials.yaml").is_file() and (path / "map.png").is_file() else "folder"
    else:
        kind = KINDS.get(path.suffix.lower(), "")
    return Entry(path, kind, 0 if folder else facts.st_size, facts.st_mtime) if kind else None
