"""The web page that plays lessons, and the script that gives it their data. Imports no torch."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from base.files import atomic_write

PAGE = ("index.html", "lesson.css", "charts.js", "lesson.js")  # shipped beside this file, in page/
# what distinguishes a file of an export from another one of its name
MARKS = {
    "index.html": '<meta name="generator" content="Rayverie">',
    "lesson.css": "Rayverie",
    "charts.js": "rayverie",
    "lesson.js": "rayverie.open",
    "data.js": "rayverie.open(",
    "metadata.json": '"rayverie_lesson"',
    "architecture.json": '"rayverie_architecture"',
}


def write_page(folder: Path) -> None:
    """Raises InputError where the folder can't be written."""
    for name in PAGE:
        write_text(folder / name, files("diffusion.lessons").joinpath("page", name).read_text(encoding="utf-8"))


def write_data(folder: Path, metadata: Any, architecture: Any, attention: Any) -> None:
    """What the page plays, as a script: browsers let no page on a disk read other files.

    metadata, architecture: as in the JSON files; attention: see `diffusion.lessons.folder`
    """
    values = (
        json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        for value in (metadata, architecture, attention)
    )
    write_text(folder / "data.js", f"rayverie.open({','.join(values)});\n")


def write_text(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
