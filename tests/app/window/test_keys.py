"""The table of actions: no chord twice, a handler for each, and bindings that the user changed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from imgui_bundle import imgui

from app.actions.registry import HANDLERS, PAINT_HANDLERS
from app.explorer.gamepads import NAMES
from app.explorer.pyglet_keys import PLACES, SYMBOLS
from app.files import keymap
from app.panels.palette import find_actions, matches
from app.state.keymap import (
    ACTIONS,
    BY_NAME,
    MENUS,
    MODIFIERS,
    PANEL_HELP,
    bindings,
    caption,
    captions,
    chord,
    chords,
    rebind,
    reset_keys,
)
from base.errors import InputError

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver

ROOT = Path(__file__).parents[3]


def test_no_chord_and_no_name_stands_twice() -> None:
    assert max(Counter(c for a in ACTIONS for c in a.keys).values()) == 1
    assert len(BY_NAME) == len(ACTIONS)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda a: a.name)
def test_every_action_can_be_done_and_reached(action) -> None:  # type: ignore[no-untyped-def]
    assert action.held or action.name in {**HANDLERS, **PAINT_HANDLERS}
    assert action.keys or action.menu
    assert action.menu in ("", *MENUS)
    assert action.help.endswith(".")
    known = {*SYMBOLS.values(), *NAMES}
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
    assert captions(BY_NAME["forward"], bindings(), {"w": "z"}) == "Z, ↑"
    assert captions(BY_NAME["undo"], bindings(), {"z": "w"}) == "Ctrl+Z"


def test_changes_of_keys_never_leave_a_chord_to_two_and_reset_takes_them_back() -> None:
    changes = rebind({}, "compare", "v", "ctrl+q")  # which is for leaving
    assert changes == {"compare": ("ctrl+q",), "quit": ()}
    assert rebind(changes, "compare", "ctrl+q", "") == {"compare": (), "quit": ()}
    assert rebind(changes, "quit", "", "ctrl+k") == {"compare": ("ctrl+q",), "quit": ("ctrl+k",)}
    assert reset_keys(changes, "quit") == {"compare": ()}
    assert reset_keys(changes, "compare") == {"quit": ()}
    assert rebind(changes, "undo", "ctrl+z", "escape") == changes  # the way out stays


@given(
    st.lists(st.tuples(st.sampled_from(ACTIONS), st.sampled_from(["w", "r", "f5", "ctrl+z", "escape", ""])), max_size=6)
)
def test_whatever_is_rebound_every_chord_has_one_action(steps) -> None:  # type: ignore[no-untyped-def]
    changes = {}
    for action, new in steps:
        mine = chords(changes)[action.name]
        changes = rebind(changes, action.name, mine[0] if mine else "", new)
        assert max(Counter(c for own in chords(changes).values() for c in own).values()) == 1
        assert bindings(changes)["escape"] == "escape"


@pytest.mark.parametrize("text", ["{", "[]", '{"undo": "z"}', '{"undo": [1]}'])
def test_a_broken_key_file_is_reported(tmp_path: Path, text: str) -> None:
    assert keymap.load(tmp_path) == {}
    keymap.save(tmp_path, {"undo": ("ctrl+w",), "dream": ()})
    assert keymap.load(tmp_path) == {"undo": ("ctrl+w",), "dream": ()}
    (tmp_path / keymap.FILE).write_text(text)
    with pytest.raises(InputError, match=keymap.FILE):
        keymap.load(tmp_path)


def test_a_key_is_changed_in_the_window_and_stays_changed(drive: Driver) -> None:
    explorer = drive.explorer
    drive.tap("f1")
    drive.frames(3)
    explorer.do(
        "catch_key", lambda chord: explorer.do("set_keys", rebind(explorer.state.keys.changes, "keyframe", "k", chord))
    )
    drive.press("left_ctrl")
    drive.tap("j")
    drive.release("left_ctrl")
    assert explorer.state.keys.bindings["ctrl+j"] == "keyframe"
    drive.tap("f1")
    assert not explorer.state.overlays.help
    drive.tap("k")
    assert not explorer.state.route.cameras
    drive.press("left_ctrl")
    drive.tap("j")
    drive.release("left_ctrl")
    assert len(explorer.state.route.cameras) == 1
    drive.until(lambda: not explorer.services.io.busy, "it is written")
    assert keymap.load(explorer.state.folders.config) == {"keyframe": ("ctrl+j", "pad_right_shoulder")}


def test_a_caught_key_does_nothing_else_and_walks_by_place(drive: Driver) -> None:
    explorer, caught = drive.explorer, []
    explorer.do("catch_key", caught.append, True)
    explorer.controls.key("a", True, "q")  # AZERTY: A lies where Q does on QWERTY
    explorer.controls.key("a", False, "q")
    explorer.do("catch_key", caught.append)
    drive.tap("escape")
    assert caught == ["q", ""]
    assert not explorer.state.overlays.question and explorer.state.walker.still


def test_captions_are_what_stands_on_the_keys() -> None:
    assert caption("ctrl+shift+z") == "Ctrl+Shift+Z"
    assert caption("up_arrow") == "↑"


def test_every_docked_panel_can_be_called() -> None:
    from app.panels import PANELS

    assert set(PANEL_HELP) == {panel.title for panel, dock in PANELS if dock != "float"}
    assert find_actions("gallery")[0][0].title == "Gallery panel"


def test_the_palette_finds_letters_in_order() -> None:
    assert matches("dpt", "Depth")
    assert matches("save w", "Save world")
    assert not matches("dw", "Wide")


@pytest.mark.parametrize(
    ("typed", "title"), (("fly", "Fly or walk"), ("freeez", "Freeze this view"), ("pasue", "Pause painting"))
)
def test_the_palette_puts_what_is_meant_first_also_with_a_slip(typed: str, title: str) -> None:
    commands, _ = find_actions(typed)
    assert commands[0].title == title


def test_the_palette_finds_nothing_for_what_is_like_nothing() -> None:
    assert find_actions("xqzzk") == ([], False)
    assert len(find_actions("")[0]) > 30 and find_actions("")[1]


AZERTY = """
import json, subprocess, time
from app.explorer.pyglet_keys import SYMBOLS, place_of
from app.explorer.window import Window
window, seen = Window((320, 240)), []
window.native.push_handlers(on_key_press=lambda symbol, _: seen.append((SYMBOLS.get(symbol, ""), place_of(window.native, symbol))))
name = subprocess.run(["xdotool", "search", "--sync", "--name", "Rayverie"], capture_output=True, text=True, timeout=30).stdout.split()[0]
subprocess.run(["xdotool", "windowfocus", name], timeout=30)
end = time.monotonic() + 60
for key in ("z", "a", "ampersand", "eacute"):
    count = len(seen)
    while len(seen) == count and time.monotonic() < end:
        subprocess.run(["xdotool", "key", key], timeout=30)
        for _ in range(20):
            window.native.dispatch_events()
            time.sleep(0.01)
    del seen[count + 1:]
key_captions = window.key_captions
subprocess.run(["setxkbmap", "us"], timeout=30)
while window.key_captions and time.monotonic() < end:
    window.native.dispatch_events()
    time.sleep(0.1)
print(json.dumps([key_captions, seen, window.key_captions]))
"""


def test_on_an_azerty_keyboard_one_walks_by_place_and_digits_need_no_shift() -> None:
    words = [
        "xvfb-run",
        "-a",
        "-s",
        "-noreset",
        "sh",
        "-c",
        'setxkbmap fr && exec "$0" -c "$1"',
        sys.executable,
        AZERTY,
    ]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    written, seen, later = json.loads(done.stdout.splitlines()[-1])
    assert {"w": "z", "z": "w", "q": "a", "a": "q"}.items() <= written.items()
    assert seen == [["z", "w"], ["a", "q"], ["", "1"], ["", "2"]]
    assert later == {}, "the layout was changed while the window was open"
