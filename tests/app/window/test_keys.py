"""The table of actions: no chord twice, a handler for each, and bindings that the user changed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imgui_bundle import imgui

from app.explorer.handlers import HANDLERS
from app.explorer.keys import ACTIONS, BY_NAME, MENUS, MODIFIERS, bindings, caption, captions, chord
from app.explorer.window import PLACES, SYMBOLS
from app.panels.overlays import matches


def test_no_chord_and_no_name_stands_twice() -> None:
    assert max(Counter(c for a in ACTIONS for c in a.keys).values()) == 1
    assert len(BY_NAME) == len(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda a: a.name)
def test_every_action_can_be_done_and_reached(action) -> None:  # type: ignore[no-untyped-def]
    assert action.held or action.name in HANDLERS
    assert action.keys or action.menu
    assert action.menu in ("", *MENUS)
    assert action.help.endswith(".")
    known = set(SYMBOLS.values())
    for keys in action.keys:
        *modifiers, key = keys.split("+")
        assert key in known and set(modifiers) <= set(MODIFIERS)


def test_every_key_of_the_window_is_one_of_imgui() -> None:
    for name in SYMBOLS.values():
        assert hasattr(imgui.Key, f"_{name}" if name.isdigit() else name), name


def test_walking_goes_by_place() -> None:
    assert [PLACES[code] for code in (25, 38, 39, 40)] == list("wasd")


@given(st.permutations(MODIFIERS), st.sampled_from(["z", "f5", "left_ctrl"]))
def test_a_chord_does_not_depend_on_the_order_of_fingers(held: list[str], key: str) -> None:
    assert chord(key, held) == chord(key, reversed(held))
    assert chord("z", ["shift", "ctrl"]) == "ctrl+shift+z"
    assert chord("left_ctrl", ["ctrl"]) == "left_ctrl"


def test_rebinding_takes_the_chord_from_its_former_owner() -> None:
    table = bindings({"forward": ["z"], "undo": ["ctrl+w"], "no such action": ["q"]})
    assert table["z"] == "forward"
    assert "w" not in table
    assert table["ctrl+w"] == "undo"
    assert table["q"] == "down"
    assert captions(BY_NAME["forward"], table) == "Z"


def test_captions_are_what_stands_on_the_keys() -> None:
    assert caption("ctrl+shift+z") == "Ctrl+Shift+Z"
    assert caption("up_arrow") == "↑"


def test_the_palette_finds_letters_in_order() -> None:
    assert matches("dpt", "Depth")
    assert matches("save w", "Save world")
    assert not matches("dw", "Wide")
