"""Journals of world files: each stores a world's paint while it is being painted, for one program at a time."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from base.errors import InputError
from base.files import expand_user
from base.reading import is_file
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import Charts
from engine.storage.journal import Journal, JournalInUse
from engine.storage.world import INDEX, WorldHeader, WorldIndex, read_world
from engine.storage.world_io import Describe
from scenes.scene import Scene

SUFFIX = ".world"


def journal_of(world: Path, data: Path) -> Path:
    """The folder of a world file's journal."""
    where = os.path.realpath(expand_user(world))
    stem = os.fsdecode(os.fsencode(world.stem)[:200])  # leaves room for the suffix within the limit of file names
    return data / "journals" / f"{stem}-{hashlib.sha256(os.fsencode(where)).hexdigest()[:12]}"


def open_journal(world: Path, data: Path) -> Journal:
    """Open the journal of a world file. Raises InUse if another program is painting it."""
    try:
        return Journal(journal_of(world, data))
    except JournalInUse as error:
        raise JournalInUse(world, "", "is being painted by another Rayverie, which alone may save to it") from error


def holds_newer_paint(journal: Journal, world: Path | None, report: Callable[[str], None]) -> bool:
    """Whether the journal holds paint that its world file lacks after a crash: its revision is higher, or it is newer.

    Times alone are unreliable: clock changes, `touch` and copies alter them. A journal that is neither, but differs from the
    world file, is moved aside, and `report` is called with its new place.
    """
    if not journal.has_world:
        return False
    if world is None or not is_file(world):
        return True
    try:
        kept, saved = read_world(journal.folder), read_world(world)
    except InputError:  # reading it reports what is wrong with it
        return True
    if kept.names == saved.names:
        return False
    newer = (journal.folder / INDEX).stat().st_mtime_ns > world.stat().st_mtime_ns
    if kept.header.revision > saved.header.revision or newer:
        return True
    report(f"An interrupted run left paint that {world.name} does not have; it was moved to {journal.set_aside()}")
    return False


def make_description(
    scene: Scene, charts: Charts, model: str, volume: LatentVolume, extras: Callable[[], Mapping[str, Any]] = dict
) -> Describe:
    """The description that a WorldWriter writes. extras: called on the writer's thread."""

    def capture() -> Callable[[Mapping[tuple[int, int], str]], WorldIndex]:
        channels, seed, revision = volume.channels, volume.seed, volume.revision
        return lambda tiles: WorldIndex(
            WorldHeader.of(scene, charts, model, channels, seed, revision), tiles, dict(extras())
        )

    return capture
