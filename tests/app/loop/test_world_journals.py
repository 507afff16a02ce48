"""A journal is not judged by its time alone: a clock, `touch` or a copy back changes that of the world file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.loop.world_journals import holds_newer_paint, journal_of, open_journal
from engine.storage.journal import Journal
from engine.storage.world import WorldHeader, WorldIndex, write_world


def commit(journal: Journal, revision: int, *tiles: str) -> None:
    header = WorldHeader("s", "0" * 64, "0" * 64, "m", 4, 0, revision)
    names = {}
    for number, data in enumerate(tiles):
        path = journal.folder / "tiles" / (f"{number}" * 64)
        path.parent.mkdir(exist_ok=True)
        path.write_text(data)
        names[0, number] = path.name
    journal.commit(WorldIndex(header, names))


@pytest.mark.parametrize(
    ("saved", "kept", "seconds", "left"),
    [
        ((5, "a"), (7, "a", "b"), 10, True),
        ((5, "a"), (7, "a", "b"), -10_000, True),  # the world file was touched, or copied back
        ((5, "a"), (5, "a"), 10, False),
        ((9, "a"), (3, "a", "b"), 10, True),  # painted anew and killed
        ((9, "a"), (3, "a", "b"), -10_000, None),
    ],
)
def test_what_a_kill_left_is_found_and_never_deleted(
    saved: tuple, kept: tuple, seconds: int, left: bool | None, tmp_path: Path
) -> None:
    world, data, told = tmp_path / "w.world", tmp_path / "data", []
    journal = open_journal(world, data)
    commit(journal, *saved)
    write_world(journal.folder, world)
    commit(journal, *kept)
    before = (journal.folder / "index.json").read_bytes()
    time = (journal.folder / "index.json").stat().st_mtime - seconds
    os.utime(world, (time, time))
    assert holds_newer_paint(journal, world, told.append) is bool(left)
    journal.close()
    if left is None:
        (aside,) = journal.folder.parent.glob("*-aside-*")
        assert str(aside) in told[0] and (aside / "index.json").read_bytes() == before
    else:
        assert not told and (journal.folder / "index.json").read_bytes() == before


def test_names_that_are_no_text_have_a_journal(tmp_path: Path) -> None:
    names = (os.fsdecode(b"\xff.world"), "a\nb.world", "🧱.world")
    assert len({journal_of(tmp_path / name, tmp_path) for name in names}) == 3
