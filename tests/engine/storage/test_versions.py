"""What a save replaces is kept: three versions of each file, bounded in size; and nothing is replaced that can't be kept."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from base.errors import InputError
from base.files import atomic_write
from engine.storage import versions
from engine.storage.versions import count_tiles, keep_version, list_versions


def save(world: Path, data: Path, text: str, number: int) -> None:
    keep_version(world, data, datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number))
    with atomic_write(world) as temporary:
        temporary.write_text(text)


def read(world: Path, data: Path) -> list[str]:
    return [path.read_text() for path in list_versions(world, data)]


def test_the_last_three_are_kept(tmp_path: Path) -> None:
    world, data = tmp_path / "w.world", tmp_path / "data"
    for number in range(6):
        save(world, data, f"{number}", number)
        assert read(world, data) == [str(n) for n in range(number)][: -versions.VERSIONS - 1 : -1]
    assert world.read_text() == "5" and read(tmp_path / "other.world", data) == []
    (tmp_path / "link.world").symlink_to(world)
    assert read(tmp_path / "link.world", data) == ["4", "3", "2"]


def test_they_are_bounded_in_size_but_for_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MAX_BYTES", 25)
    world, data = tmp_path / "w.world", tmp_path / "data"
    for number, text in enumerate(["a" * 10, "b" * 10, "c" * 10, "d" * 100, "e"]):
        save(world, data, text, number)
        if number == 3:
            assert read(world, data) == ["c" * 10, "b" * 10]
    assert read(world, data) == ["d" * 100]


def test_a_disk_without_links_keeps_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refused)
    world, data = tmp_path / "w.world", tmp_path / "data"
    for number in range(3):
        save(world, data, f"{number}", number)
    assert read(world, data) == ["1", "0"]


def test_without_a_data_folder_one_version_is_kept_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = tmp_path / "w.world"
    (tmp_path / "data").write_text("no folder")
    for number in range(3):
        save(world, tmp_path / "data", f"{number}", number)
    assert world.read_text() == "2" and (tmp_path / "w.world~").read_text() == "1"

    def refused(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "link", refused)
    monkeypatch.setattr("shutil.copy2", refused)
    with pytest.raises(InputError, match="was not replaced"):
        save(world, tmp_path / "data", "3", 3)
    assert world.read_text() == "2"


def test_what_is_no_world_counts_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "w.world").write_text("no world")
    assert count_tiles(tmp_path / "w.world") == count_tiles(tmp_path / "missing.world") == 0
