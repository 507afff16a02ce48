"""Opening and saving by dialog in a real window, the list of recent files, new scenes."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from app.files import recent
from app.files.folder_listing import CAPTIONS, EXPORT, KINDS, Listing, list_folder, resolve_path
from app.panels.files import OPENED
from app.state.prompt_dice import DiceSettings
from base.errors import InputError
from scenes.load import load_scene, save_scene

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def test_a_folder_is_listed_with_what_can_be_opened(tmp_path: Path) -> None:
    save_scene(load_scene("hamlet"), tmp_path / "village")
    (tmp_path / "Zoo").mkdir()
    for name in ("b.PNG", "a.world", "notes.odt", ".hidden.png", "path.json"):
        (tmp_path / name).write_bytes(b"1234")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    entries = list_folder(tmp_path)
    assert [(e.path.name, e.kind) for e in entries] == [
        ("village", "scene"),
        ("Zoo", "folder"),
        ("a.world", "world"),
        ("b.PNG", "picture"),
        ("path.json", "camera path"),
    ]
    assert entries[2].bytes == 4


def test_a_folder_that_cannot_be_listed_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be listed"):
        list_folder(tmp_path / "nowhere")


def test_a_path_means_a_folder_or_a_file_in_one(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "notes.odt"):
        (tmp_path / name).write_bytes(b"1234")
    everything = resolve_path(tmp_path)
    assert everything == Listing(tmp_path, list_folder(tmp_path)) and len(everything.entries) == 2
    one = resolve_path(tmp_path / "b.png")
    assert (one.folder, one.entries) == (tmp_path, everything.entries) and one.entry == everything.entries[1]
    with pytest.raises(InputError, match="not a kind of file that can be opened"):
        resolve_path(tmp_path / "notes.odt")
    with pytest.raises(InputError, match="can't be listed"):
        resolve_path(tmp_path / "nowhere.png")


def test_recent_files_are_few_newest_first_and_survive_anything(tmp_path: Path) -> None:
    names: recent.Recent = ()
    for i in [*range(20), 5]:
        names = recent.add_recent(names, f"/scene{i}")
    assert names[:2] == ("/scene5", "/scene19") and len(set(names)) == len(names) == recent.KEPT
    recent.save(tmp_path, names)
    assert recent.load(tmp_path) == names
    for text in ("{", "3", '{"a": 1}', "[1, null]"):
        (tmp_path / recent.FILE).write_text(text)
        assert recent.load(tmp_path) == ()


def click(drive: Driver, x: float, y: float, count: int = 1) -> None:
    """Click `count` times at a place of the window."""
    height = drive.window.size[1]
    drive.mouse(x, y)
    drive.frames(2)
    for _ in range(count):
        drive.window.native.dispatch_event("on_mouse_press", int(x), int(height - y), 1, 0)
        drive.frames(1)
        drive.window.native.dispatch_event("on_mouse_release", int(x), int(height - y), 1, 0)
        drive.frames(1)
    drive.frames(2)


def type_text(drive: Driver, text: str) -> None:
    for letter in text:
        drive.window.native.dispatch_event("on_text", letter)
    drive.frames(len(text) + 2)


def save_as(drive: Driver, folder: Path, name: str) -> None:
    """Choose a folder in the dialog that asks for a name, type the name, and press Enter."""
    files = drive.explorer.shell.overlay_panels.files
    files.browser.go(folder)
    files._name = ""
    drive.frames(3)
    width, height = drive.window.size
    for y in range(int(height * 0.6), int(height * 0.9), 8):  # the field of the name
        click(drive, width / 2 - 150, y)
        type_text(drive, name[0])
        if files._name == name[0]:
            break
    type_text(drive, name[1:])
    drive.tap("enter")


def chord(drive: Driver, *names: str) -> None:
    for name in names[:-1]:
        drive.press(name)
    drive.tap(names[-1])
    for name in names[:-1]:
        drive.release(name)
    drive.frames(2)


def agreed(drive: Driver) -> bool:
    """Whatever is asked on the way (something may be painted by now, or not) is answered."""
    if drive.explorer.state.overlays.question is not None:
        drive.explorer.do("answer", 0)
    return True


def test_a_scene_is_opened_by_keys_and_mouse_and_is_then_a_recent_one(drive: Driver, tmp_path: Path) -> None:
    explorer = drive.explorer
    save_scene(
        replace(explorer.state.scene, name="other", map=explorer.state.scene.map[:6, :5]), tmp_path / "here" / "other"
    )
    files = explorer.shell.overlay_panels.files
    chord(drive, "left_ctrl", "o")
    assert explorer.state.overlays.file_dialog.kind == "open"
    files.browser.go(tmp_path / "here")
    drive.until(files.browser._found.done, "the folder is listed")
    drive.frames(3)
    width, height = drive.window.size
    x = width / 2 - 100
    for y in range(int(height * 0.2), int(height * 0.5), 6):  # the first row of the list, wherever the font puts it
        click(drive, x, y)
        if files.browser.chosen is not None:
            break
    assert files.browser.chosen.path == tmp_path / "here" / "other"
    click(drive, x, y, 2)
    drive.agree()
    drive.until(lambda: explorer.state.scene.map.shape == (6, 5), "the scene is opened")
    assert not explorer.state.overlays.file_dialog and not explorer.state.looking
    drive.until(lambda: not explorer.services.io.busy, "it is noted")
    assert recent.load(explorer.state.folders.config) == explorer.state.recent == (str(tmp_path / "here" / "other"),)
    explorer.do("open_scene", "hamlet")
    drive.until(lambda: agreed(drive) and explorer.state.scene.name == "hamlet", "another is opened")
    explorer.do("open_recent", str(tmp_path / "here" / "other"))
    drive.until(lambda: agreed(drive) and explorer.state.scene.name == "other", "the recent one is back")
    assert explorer.state.recent == (str(tmp_path / "here" / "other"), "hamlet")
    assert not drive.errors()


def test_a_deleted_recent_file_is_reported_and_forgotten(drive: Driver, tmp_path: Path) -> None:
    explorer = drive.explorer
    explorer.state.recent = (str(tmp_path / "gone"), "hamlet")
    explorer.do("open_recent", str(tmp_path / "gone"))
    assert explorer.state.recent == ("hamlet",)
    assert "no longer exists" in drive.errors()[0]


def test_a_new_scene_is_saved_under_a_typed_name(drive: Driver, tmp_path: Path) -> None:
    explorer = drive.explorer
    explorer.do("new_scene", 12, 9)
    drive.agree()
    drive.until(lambda: explorer.state.scene.map.shape == (9, 12), "the meadow is there")
    explorer.do("save_scene_as")
    drive.frames(1)
    save_as(drive, tmp_path, "meadow")
    drive.until(lambda: (tmp_path / "meadow" / "map.png").exists(), "it is saved")
    drive.until(lambda: not explorer.services.io.busy, "that is noted")
    assert load_scene(tmp_path / "meadow").map.shape == (9, 12)
    assert explorer.state.recent[0] == str(tmp_path / "meadow")
    assert not explorer.state.overlays.file_dialog and not drive.errors()


def test_a_bank_of_prompts_is_chosen_in_a_dialog(drive: Driver, tmp_path: Path) -> None:
    explorer, files = drive.explorer, drive.explorer.shell.overlay_panels.files
    for name in ("own.txt", "own.safetensors", "own.png"):
        (tmp_path / name).write_bytes(b"mossy wall")
    dice = explorer.services.dice
    dice.settings = replace(dice.settings, mood="night", temperature=0.1)
    explorer.do("ask_bank")
    drive.frames(1)
    files.browser.go(tmp_path / "own.txt")  # as Enter in the field does
    drive.until(lambda: not explorer.state.overlays.file_dialog, "the bank is chosen")
    assert dice.settings == DiceSettings(str(tmp_path / "own.txt"), temperature=0.1) and not drive.errors()


def test_a_file_is_opened_by_typing_its_path(drive: Driver, tmp_path: Path) -> None:
    explorer, files = drive.explorer, drive.explorer.shell.overlay_panels.files
    Image.new("RGB", (30, 20), (200, 30, 40)).save(tmp_path / "red.png")
    explorer.do("ask_picture")
    drive.frames(1)
    files.browser.go(tmp_path / "red.png")  # as Enter in the field does
    drive.until(lambda: explorer.state.source is not None, "the picture is opened")
    assert explorer.state.source.name == "red.png" and not explorer.state.overlays.file_dialog
    explorer.do("ask_picture")
    drive.frames(1)
    files.browser.go(tmp_path / "nowhere")
    drive.until(files.browser._found.done, "it is looked for")
    drive.frames(3)
    assert explorer.state.overlays.file_dialog.kind == "picture" and not drive.errors()


def test_a_map_opens_with_the_materials_of_its_name(drive: Driver, tmp_path: Path) -> None:
    explorer = drive.explorer
    save_scene(replace(explorer.state.scene, map=explorer.state.scene.map[:6, :5]), tmp_path / "there")
    (tmp_path / "there" / "map.png").rename(tmp_path / "town.png")
    (tmp_path / "there" / "materials.yaml").rename(tmp_path / "town.yaml")
    for name in ("town.png", "town.yaml"):
        first = explorer.state.open_scene
        explorer.do("open", tmp_path / name)
        drive.until(
            lambda first=first: agreed(drive) and explorer.state.open_scene not in (first, None), "the scene opens"
        )
        np.testing.assert_array_equal(explorer.state.scene.map.shape, (6, 5))
        assert explorer.state.session.scene.map == tmp_path / "town.png"
    assert not drive.errors()


def test_a_slow_disk_stops_no_frame(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = threading.Event()
    monkeypatch.setattr("app.panels.browser.resolve_path", lambda folder: gate.wait(20) and Listing(folder, ()))
    drive.explorer.do("open")
    drive.frames(5)
    assert not drive.explorer.shell.overlay_panels.files.browser._found.done()
    gate.set()
    drive.until(drive.explorer.shell.overlay_panels.files.browser._found.done, "the folder is listed")
    drive.frames(2)
    drive.tap("escape")
    assert not drive.explorer.state.overlays.open


def test_a_world_is_exported_by_dialog_and_not_offered_to_open(drive: Driver, tmp_path: Path) -> None:
    explorer = drive.explorer
    drive.until(lambda: explorer.status == "this view is finished", "the view gets painted")
    explorer.do("export_world")
    drive.frames(2)
    assert explorer.state.overlays.file_dialog.name == "courtyard"
    save_as(drive, tmp_path, "yard")
    drive.until(lambda: (tmp_path / "yard.glb").exists(), "it is exported", 3000)
    assert not explorer.state.overlays.file_dialog and not drive.errors()
    assert [(e.path.name, e.kind) for e in list_folder(tmp_path) if not e.folder] == [("yard.glb", EXPORT)]
    assert EXPORT not in OPENED and CAPTIONS not in OPENED
    assert set(KINDS.values()) == {*OPENED, CAPTIONS, EXPORT}
