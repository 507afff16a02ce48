"""The files that a command reads, found by its settings' types: no output may replace one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from base.files import expand_user
from base.reading import is_file, is_folder
from base.settings import flag_of


def inputs_of(settings: Any) -> list[tuple[str, Path]]:
    """(flag, file) of each existing file that a value names, itself or as `FILE:WEIGHT` or `KIND=FILE`, and of those in a scene's folder.

    Options declared with `output=True` are left out. A text counts, too: a scene, a model and a path may be names or files.
    """
    return list(_inputs(settings))


def _inputs(settings: Any) -> Iterator[tuple[str, Path]]:
    for f in fields(settings):
        value, meta = getattr(settings, f.name), f.metadata
        if is_dataclass(value):
            yield from _inputs(value)
        elif not meta.get("output"):
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, str | Path):
                    yield from ((flag_of(f.name, meta), path) for path in _files(one))


def _files(value: str | Path) -> Iterator[Path]:
    given = (str(value), str(value).partition("=")[2])
    for name in dict.fromkeys((*given, *(name.rpartition(":")[0] for name in given))):
        path = expand_user(name)
        if name and is_file(path):
            yield path
        elif name and is_folder(path):
            yield from (path / file for file in ("map.png", "materials.yaml"))
            yield from (path / "paths").glob("*.json")
