"""Nothing is forgotten unasked: by quitting, by another scene; and Esc lets go of one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from imgui_bundle import imgui

from app.actions.open_scene import show_scene
from scenes import edit
from scenes.load import load_scene, save_scene

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def painted(drive: Driver) -> None:
    drive.until(lambda: drive.explorer.status == "this view is finished", "the view is painted")
    drive.worker.held = True
    drive.frames(2)


def closing(drive: Driver) -> bool:
    return drive.window.wnd.is_closing


def test_what_is_in_no_file_is_asked_for_and_saved(drive: Driver, tmp_path: Path) -> None:
    explorer = drive.explorer
    painted(drive)
    explorer.do("save_scene", tmp_path / "mine")
    drive.until(lambda: not explorer.state.unsaved, "it is saved")
    explorer.do("edit_scene", lambda s: edit.change_material(s, 0, height=1.0))
    drive.until(lambda: explorer.services.rebuild.shown is explorer.state.scene, "the open scene follows", 2000)
    explorer.do("quit")
    question = explorer.state.overlays.question
    assert "the changed scene" in question.words and "the paint" in question.words and not closing(drive)
    drive.frames(2)
    assert [label for label, _ in question.answers] == ["Discard", "Save and quit"]
    explorer.do("answer", 1)
    drive.until(lambda: closing(drive), "it is saved, and the window closes", 2000)
    assert load_scene(tmp_path / "mine").materials[0].height == 1.0
    assert explorer.services.worlds.file.exists() and not drive.errors()


def test_what_is_in_files_is_left_at_once(drive: Driver, tmp_path: Path) -> None:
    explorer = drive.explorer
    painted(drive)
    explorer.do("save_scene", tmp_path / "mine")
    drive.until(lambda: not explorer.state.unsaved, "it is saved")
    explorer.do("save_world")
    drive.until(lambda: any("World saved" in e.text for e in explorer.state.log.entries), "the world is saved", 2000)
    explorer.do("quit")
    assert closing(drive) and explorer.state.overlays.question is None


@pytest.mark.parametrize("by_itself", [True, False])
def test_a_saved_world_comes_back_when_its_scene_is_opened_again(by_itself: bool, drive: Driver) -> None:
    explorer = drive.explorer
    told = "This scene has a saved world; open it with Load world (Ctrl+L)"
    painted(drive)
    explorer.do("save_world")
    drive.until(lambda: explorer.services.worlds.is_saved(explorer.state.open_scene.volume), "the world is saved", 2000)
    view = replace(explorer.state.session.view, load_world=by_itself)
    explorer.state.session = replace(explorer.state.session, view=view)
    before = {
        page: explorer.state.open_scene.volume.atlas[page].read_state()
        for page in explorer.state.open_scene.volume.atlas
    }
    drive.worker.held = True
    show_scene(explorer.context, explorer.state.scene)
    drive.until(lambda: explorer.state.open_scene is not None, "it is open")
    drive.until(lambda: not explorer.services.worlds.loading, "what was saved is read", 2000)
    atlas, said = explorer.state.open_scene.volume.atlas, [e.text for e in explorer.state.log.entries]
    assert (told in said) is not by_itself
    assert any(text.startswith("World loaded: ") for text in said) is by_itself
    assert list(atlas) == (list(before) if by_itself else [])
    assert all((atlas[page].read_state() == before[page]).all() for page in atlas)
    assert not drive.errors()


def test_saving_less_over_more_is_asked_and_the_older_version_is_kept(drive: Driver) -> None:
    explorer = drive.explorer
    painted(drive)
    explorer.do("save_world")
    drive.until(lambda: any("World saved" in e.text for e in explorer.state.log.entries), "the world is saved", 2000)
    file = explorer.services.worlds.file
    whole = file.read_bytes()
    assert not explorer.services.worlds.list_versions()
    drive.worker.held = True
    explorer.do("erase")
    drive.until(lambda: not explorer.state.open_scene.volume.atlas, "everything is forgotten")
    drive.until(lambda: explorer.services.autosave.settled, "that is on disk")
    explorer.do("save_world")
    drive.frames(2)
    question = explorer.state.overlays.question
    assert question is not None and question.title == "Save less over more?" and file.read_bytes() == whole
    drive.tap("escape")
    assert explorer.state.overlays.question is None and file.read_bytes() == whole
    explorer.do("save_world")
    explorer.do("answer", 0)
    drive.until(lambda: file.read_bytes() != whole, "it is saved all the same", 2000)
    (version,) = explorer.services.worlds.list_versions()
    assert version.read_bytes() == whole
    explorer.do("load_version", version)
    drive.until(lambda: not explorer.services.worlds.loading, "the older version is back", 2000)
    assert len(explorer.state.open_scene.volume.atlas) > 0 and not drive.errors()


def test_the_window_is_closed_after_a_question_that_a_second_wish_answers(drive: Driver) -> None:
    painted(drive)
    for asked in (True, False):
        drive.window.native.dispatch_event("on_close")
        drive.frames(2)
        assert closing(drive) is not asked


def test_another_scene_waits_for_an_answer_and_a_broken_one_asks_nothing(drive: Driver, tmp_path: Path) -> None:
    explorer, first = drive.explorer, drive.explorer.state.scene
    painted(drive)
    (tmp_path / "empty").mkdir()
    explorer.do("drop", [tmp_path / "empty"])
    drive.until(lambda: len(drive.errors()) == 1, "a folder without a map is told")
    assert explorer.state.overlays.question is None and explorer.state.recent == ()
    save_scene(first, tmp_path / "other")
    explorer.do("drop", [tmp_path / "other"])
    drive.until(lambda: explorer.state.overlays.question is not None, "it is asked")
    drive.tap("escape")
    assert explorer.state.overlays.question is None and explorer.state.scene is first and explorer.state.recent == ()
    explorer.do("drop", [tmp_path / "other"])
    drive.agree()
    assert explorer.state.scene.name == "other" and explorer.state.recent == (str(tmp_path / "other"),)
    drive.until(lambda: explorer.state.open_scene is not None, "it is open")


def test_escape_closes_lists_and_ends_typing_and_never_asks(drive: Driver) -> None:
    explorer, overlays = drive.explorer, drive.explorer.state.overlays
    imgui.set_window_focus("View")
    drive.frames(3)
    x, y, width, _ = explorer.shell.scene_box
    for row in range(int(y) + 200, int(y) + 330, 8):  # the combo of the theme, wherever the font puts it
        drive.drag((x + width + 250, row), (x + width + 250, row))
        if explorer.shell.popup_open:
            break
    assert explorer.shell.popup_open
    drive.tap("escape")
    drive.frames(2)
    assert not explorer.shell.popup_open and not overlays.question
    explorer.shell.bring_to_front("Scene")
    drive.frames(4)
    for row in range(int(y) + 300, int(y) + 400, 8):  # a field of text
        drive.drag((x + width + 200, row), (x + width + 200, row))
        if imgui.get_io().want_text_input:
            break
    assert imgui.get_io().want_text_input
    drive.tap("escape")
    drive.frames(2)
    assert not imgui.get_io().want_text_input and not overlays.question
    drive.tap("escape")
    assert not overlays.question and not closing(drive)


def test_a_dialog_gets_keys_and_mouse_before_the_scene(drive: Driver) -> None:
    explorer, overlays = drive.explorer, drive.explorer.state.overlays
    painted(drive)
    explorer.do("ask_picture")
    drive.frames(2)
    for key in ("v", "p", "k", "b"):
        drive.tap(key)
    drive.drag((5, 600), (50, 600))
    assert explorer.state.comparison is None and explorer.state.session.live.auto and not explorer.state.route.cameras
    assert not explorer.state.brush.tool and not explorer.state.looking and overlays.file_dialog.kind == "picture"
    explorer.do("compare")
    drive.until(lambda: explorer.state.comparison is not None, "what there is to be seen is looked at")
    drive.tap("escape")
    assert not overlays.open and explorer.state.comparison is not None
    drive.tap("escape")
    assert explorer.state.comparison is None and not overlays.question and not drive.errors()
