"""View settings come back at the next start, unless asked otherwise; a broken file changes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.files.preferences import FILE, read_preferences, remember
from app.session import ViewSettings


def test_they_come_back(tmp_path: Path) -> None:
    view = ViewSettings(size=(800, 600), fov=75.0, theme="light", walk=True, mode="steps")
    remember(tmp_path, view)
    assert read_preferences(tmp_path, ViewSettings()) == replace(view, mode="painted")


def test_what_was_asked_for_wins(tmp_path: Path) -> None:
    remember(tmp_path, ViewSettings(fov=75.0))
    assert read_preferences(tmp_path, ViewSettings(fov=50.0)) == ViewSettings(fov=50.0)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"fov": 1000}', '{"size": "large"}'])
def test_a_broken_file_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert read_preferences(tmp_path, ViewSettings()) == ViewSettings()
