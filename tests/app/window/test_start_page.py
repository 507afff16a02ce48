"""The start page: scenes as pictures, a new scene in its own folder, nothing painted behind it, and Esc goes on."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from app.files.scene_pictures import SIZE, is_scene, load_picture, picture_file, save_picture
from app.session import SceneChoice, Session
from base.errors import InputError
from scenes.blank import GROUNDS, make_blank_scene
from scenes.load import BUILTIN, load_scene, save_new_scene, save_scene

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def plain(ground: str = "sand"):
    return make_blank_scene(12, 8, ground=ground)


def test_every_built_in_scene_has_a_picture_of_its_own(tmp_path: Path) -> None:
    pictures = [load_picture(tmp_path, name) for name in BUILTIN]
    assert all(p is not None and p.shape == (SIZE[1], SIZE[0], 3) and p.std() > 20 for p in pictures)
    assert len({p.tobytes() for p in pictures if p is not None}) == len(BUILTIN)


def test_a_kept_picture_is_shown_else_the_map_whatever_lies_there(tmp_path: Path) -> None:
    name = str(tmp_path / "plain")
    save_scene(plain(), name)
    drawn = load_picture(tmp_path, name)
    assert drawn is not None and drawn.shape == (SIZE[1], SIZE[0], 3)
    assert tuple(drawn[90, 160]) == (222, 196, 140)  # sand in the middle
    save_picture(picture_file(tmp_path, name), np.full((720, 1280, 3), (200, 30, 30), np.uint8))
    kept = load_picture(tmp_path, name)
    assert kept is not None and np.abs(kept.reshape(-1, 3).mean(axis=0) - (200, 30, 30)).max() < 6
    for damage in (b"", b"no picture", picture_file(tmp_path, name).read_bytes()[:300]):
        picture_file(tmp_path, name).write_bytes(damage)
        assert np.array_equal(load_picture(tmp_path, name), drawn)
    (tmp_path / "plain" / "materials.yaml").write_text("materials: 3")
    assert load_picture(tmp_path, name) is None and load_picture(tmp_path, str(tmp_path / "nowhere")) is None


def test_which_recent_files_are_scenes(tmp_path: Path) -> None:
    save_scene(plain(), tmp_path / "plain")
    (tmp_path / "a.world").write_bytes(b"")
    Image.new("RGB", (4, 4)).save(tmp_path / "town.png")
    (tmp_path / "town.yaml").write_text("")
    names = ("hamlet", "plain", "town.yaml", "a.world", "gone")
    found = {name: is_scene(name if name in BUILTIN else str(tmp_path / name)) for name in names}
    assert found == {"hamlet": True, "plain": True, "town.yaml": True, "a.world": False, "gone": False}


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_new_scene_has_its_ground_and_never_replaces_anything(tmp_path: Path, ground: str) -> None:
    save_new_scene(plain(ground), tmp_path / "new")
    assert load_scene(tmp_path / "new").floor == ground
    with pytest.raises(InputError, match="isn't empty"):
        save_new_scene(plain(), tmp_path / "new")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't be made"):
        save_new_scene(plain(), tmp_path / "file" / "new")


def test_no_other_grounds() -> None:
    with pytest.raises(InputError, match="grass, sand, snow"):
        plain("lava")


def test_the_program_begins_with_the_start_page_unless_given_a_scene(display: str) -> None:
    from app.explorer.window import wants_start_page

    session = Session()
    assert wants_start_page(session)
    for other in (
        replace(session, scene=SceneChoice(ref="hamlet")),
        replace(session, scene=SceneChoice(light="night")),
        replace(session, world=Path("a.world")),
        replace(session, view=replace(session.view, start_page=False)),
    ):
        assert not wants_start_page(other)


def card(drive: Driver, column: int, row: int) -> tuple[float, float]:
    """The middle of a card's picture."""
    from imgui_bundle import imgui

    from app.panels.start import COLUMNS, WIDE

    wide = min(imgui.get_font_size() * WIDE, 0.88 * drive.window.size[0])
    left = (drive.window.size[0] - wide) / 2
    window = imgui.internal.find_window_by_name("Start")
    return left + (column + 0.5) * wide / COLUMNS, window.pos.y + 80 + row * 200


def test_a_scene_is_chosen_by_its_picture_and_nothing_was_painted_behind_the_page(
    drive: Driver, tmp_path: Path
) -> None:
    explorer, name = drive.explorer, str(tmp_path / "plain")
    save_scene(plain(), name)
    explorer.state.recent = (name, str(tmp_path / "gone"), "hamlet")
    explorer.do("start_page")
    drive.until(lambda: explorer.services.pictures.of(name) is not None, "the picture is read")
    submitted = drive.worker.submitted
    drive.frames(60)
    assert explorer.state.overlays.start and explorer.status == "choose a scene"
    assert drive.worker.submitted == submitted
    drive.mouse(*card(drive, 0, 1))
    drive.frames(3)
    drive.drag(card(drive, 0, 1), card(drive, 0, 1))
    drive.agree()  # the courtyard is in no file
    drive.until(lambda: explorer.state.scene.name == "plain", "it is opened")
    assert not explorer.state.overlays.open and explorer.state.recent[0] == name
    drive.until(lambda: explorer.status == "this view is finished", "now it is painted", 2000)
    explorer.do("start_page")
    drive.until(lambda: not explorer.services.io.busy, "its picture is kept")
    assert picture_file(explorer.state.folders.data, name).is_file() and not drive.errors()
    explorer.do("start_scene", name)  # it is open
    assert not explorer.state.overlays.start and explorer.state.scene.name == "plain"


def test_esc_closes_what_lies_over_the_page_then_the_page_and_painting_goes_on(drive: Driver) -> None:
    explorer = drive.explorer
    explorer.do("start_page")
    drive.frames(3)
    explorer.do("new")
    drive.frames(3)
    assert explorer.state.overlays.file_dialog is not None
    drive.tap("escape")
    drive.tap("escape")  # the first ends the typing of the name, where that was begun
    if explorer.state.overlays.file_dialog is not None:
        drive.tap("escape")
    assert explorer.state.overlays.file_dialog is None
    if explorer.state.overlays.start:
        drive.tap("escape")
    assert not explorer.state.overlays.open
    drive.until(lambda: explorer.status == "this view is finished", "it is painted", 2000)
    assert not drive.errors()


def test_a_new_scene_is_written_to_its_folder_and_open(drive: Driver) -> None:
    explorer, folder = drive.explorer, drive.explorer.state.folders.data / "scenes" / "my scene"
    explorer.do("start_page")
    explorer.do("new")
    drive.frames(3)
    dialog = explorer.state.overlays.file_dialog
    assert (dialog.folder, dialog.name) == (folder.parent, "my scene")
    explorer.do("new_scene", 16, 10, "snow", folder)
    drive.agree()
    drive.until(lambda: explorer.state.scene.name == "my scene", "it is open")
    assert load_scene(folder).map.shape == (10, 16) and explorer.state.recent[0] == str(folder)
    assert explorer.state.session.scene.ref == str(folder) and not explorer.state.unsaved
    explorer.do("new")
    assert explorer.state.overlays.file_dialog.name == "my scene 2"
    explorer.state.overlays.close()
    os.utime(folder / "map.png")
    explorer.do("new_scene", 16, 10, "snow", folder)
    drive.until(lambda: bool(drive.errors()), "what is there is not replaced")
    assert "isn't empty" in drive.errors()[0] and explorer.state.scene.name == "my scene"
