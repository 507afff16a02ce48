"""How much of a scene a material covers, in the words of its row."""

from __future__ import annotations

from app.panels.materials import count_note
from scenes.blank import make_blank_scene


def test_a_material_that_covers_everything_is_not_counted_as_nothing() -> None:
    meadow = make_blank_scene(16, 16)
    assert meadow.floor == "grass"
    assert count_note(meadow, "grass", 0) == ("floor", "0 blocks on the map, the whole floor")
    assert count_note(meadow, "grass", 1200)[0] == "1,200 + floor"
    assert count_note(meadow, "stone", 0)[0] == "0"
