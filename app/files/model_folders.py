"""The folders and files of models that the user registered, in a file in the config folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

from base.errors import InputError
from base.files import atomic_write, expand_user
from base.reading import is_file, read_json

FILE = "models.json"


def load(config: Path) -> tuple[Path, ...]:
    """The registered paths, in the order in which they were added; () without a file. Raises InputError if it is invalid."""
    file = config / FILE
    if not is_file(file):
        return ()
    data = read_json(file, "a list of folders and files of models", 1 << 20, names=True)
    if not isinstance(data, list) or not all(isinstance(name, str) and name for name in data):
        raise InputError(file, "", "is not a list of folders and files")
    return tuple(Path(name) for name in data)


def save(config: Path, paths: tuple[Path, ...]) -> None:
    """Write the list. Raises InputError."""
    with atomic_write(config / FILE) as temporary:
        temporary.write_text(json.dumps([str(path) for path in paths], indent=2) + "\n", encoding="utf-8")


def absolute(name: str | Path) -> Path:
    """A path as it is registered: absolute, links and "~" resolved."""
    return Path(os.path.realpath(expand_user(name)))


def add_folder(paths: tuple[Path, ...], path: Path) -> tuple[Path, ...]:
    return paths if path in paths else (*paths, path)


def remove_folder(paths: tuple[Path, ...], path: Path) -> tuple[Path, ...]:
    """Raises InputError for a path that isn't registered."""
    if path not in paths:
        known = ", ".join(map(str, paths)) or "none"
        raise InputError(path, "", f"is not registered; registered are {known}")
    return tuple(other for other in paths if other != path)
