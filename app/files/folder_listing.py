"""Lists the files of a folder that the explorer can open or has exported. Reads the disk, so never call it on the main thread."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.files.picture import SUFFIXES
from base.errors import InputError
from engine.render.film_files import CODECS

MAX_ENTRIES = 2000  # entries listed of one folder
EXPORT = "export"  # the kind that is written only
CAPTIONS = "captions"  # the kind that is a bank of prompts and nothing else
# suffix → kind of file
KINDS: Mapping[str, str] = {
    **dict.fromkeys(SUFFIXES, "picture"),
    ".yaml": "materials",
    ".yml": "materials",
    ".json": "camera path",
    ".world": "world",
    ".safetensors": "world",
    **dict.fromkeys(CODECS, "film"),
    ".glb": EXPORT,
    ".txt": CAPTIONS,
    ".jsonl": CAPTIONS,
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
class Listing:
    """A folder's entries. entry: the one that a path named, if the path was a file."""

    folder: Path
    entries: tuple[Entry, ...]
    entry: Entry | None = None


def resolve_path(path: Path) -> Listing:
    """List the folder at a path or, if the path is a file, the file's folder. Raises InputError if it can't be opened."""
    if not path.is_file():
        return Listing(path, list_folder(path))
    entries = list_folder(path.parent)
    entry = next((e for e in entries if e.path == path), None)
    if entry is None:
        raise InputError(path, "", "is not a kind of file that can be opened")
    return Listing(path.parent, entries, entry)


def list_folder(folder: Path) -> tuple[Entry, ...]:
    """List folders, then files that can be opened, by name, without hidden ones. Raises InputError if the folder can't be read."""
    found = []
    try:
        with os.scandir(folder) as items:
            for item in items:
                entry = None if item.name.startswith(".") else _entry(item)
                if entry is not None:
                    found.append(entry)
                if len(found) == MAX_ENTRIES:
                    break
    except OSError as error:
        raise InputError(folder, "", f"can't be listed ({error.strerror or error})") from error
    return tuple(sorted(found, key=lambda e: (not e.folder, e.path.name.lower())))


def _entry(item: os.DirEntry[str]) -> Entry | None:
    """None if the item can't be opened or no longer exists."""
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
