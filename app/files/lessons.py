"""The lessons that come with the program: one archive, unpacked into the user's cache when a lesson is opened."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from base.errors import InputError
from base.files import atomic_write
from base.reading import is_file, read_json
from diffusion.lessons.player import write_data, write_page
from diffusion.lessons.stations import describe_stations

ARCHIVE = Path(__file__).parents[2] / "diffusion" / "lessons" / "presets.zip"
DOCUMENTS = ("metadata.json", "architecture.json", "attention.json")
PAGE = "index.html"


@dataclass(frozen=True)
class Preset:
    """A lesson of the archive, by name."""

    name: str
    prompt: str
    steps: int


def list_presets() -> list[Preset]:
    with zipfile.ZipFile(ARCHIVE) as archive:
        metadata = json.loads(archive.read("metadata.json"))
    return [Preset(one["name"], one["prompt"], len(one["steps"])) for one in metadata["lessons"]]


def unpack_presets(folder: Path | None = None) -> Path:
    """The page of the unpacked archive. folder: where to; by default one in the user's cache that belongs to this archive.

    Raises InputError where it can't be written.
    """
    if folder is None:
        digest = hashlib.sha256(ARCHIVE.read_bytes()).hexdigest()[:12]
        folder = platformdirs.user_cache_path("rayverie") / "lessons" / digest
    with zipfile.ZipFile(ARCHIVE) as archive:
        metadata, architecture, attention = (json.loads(archive.read(name)) for name in DOCUMENTS)
        write_data(folder, metadata | describe_stations(), architecture, attention)
        write_page(folder)
        for entry in archive.infolist():
            target = folder / entry.filename
            if not (target.is_file() and target.stat().st_size == entry.file_size):
                with atomic_write(target) as temporary:
                    temporary.write_bytes(archive.read(entry))
    return folder / PAGE


def find_lesson(folder: Path) -> Path:
    """The page of an exported lesson. Raises InputError for a folder that holds none."""
    metadata = read_json(folder / "metadata.json", "the description of a lesson")
    if not isinstance(metadata, dict) or "rayverie_lesson" not in metadata or not is_file(folder / PAGE):
        raise InputError(folder, "", "holds no lesson; `rayverie lesson export` writes one")
    return folder / PAGE
