"""The list of recently opened files, newest first, stored in the config folder."""

from __future__ import annotations

import json
from pathlib import Path

from base.errors import InputError
from base.files import atomic_write
from base.reading import read_json

FILE = "recent.json"
KEPT = 12
Recent = tuple[str, ...]  # absolute paths, and the names of built-in scenes


def load(folder: Path) -> Recent:
    """Read the list; () if it can't be read, as it isn't essential."""
    try:
        data = read_json(folder / FILE, "a list of files", 1 << 20, names=True)
    except InputError:
        return ()
    return tuple(name for name in data if isinstance(name, str))[:KEPT] if isinstance(data, list) else ()


def save(folder: Path, recent: Recent) -> None:
    """Write the list. Raises InputError."""
    with atomic_write(folder / FILE) as temporary:
        temporary.write_text(json.dumps(recent, indent=2) + "\n", encoding="utf-8")


def add_recent(recent: Recent, name: str) -> Recent:
    return (name, *(other for other in recent if other != name))[:KEPT]


def remove_recent(recent: Recent, name: str) -> Recent:
    return tuple(other for other in recent if other != name)
