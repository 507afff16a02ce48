"""After a kill the next start opens the scene that was open, with its paint, also one that was never saved to a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.services.autosave import PERIOD
from app.services.crash_recovery import FILE, resumed
from app.session import SceneChoice, Session
from scenes.edit_map import stroke
from scenes.load import load_scene, save_scene
from tests.app.window.test_autosave import back, kill, pages, painted

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def test_a_new_scene_that_was_never_saved_is_back_with_its_paint(drive: Driver) -> None:
    explorer, data = drive.explorer, drive.explorer.folders.data
    explorer.do("new_scene", 10, 8)
    drive.agree()
    drive.until(lambda: explorer.scene.map.shape == (8, 10) and explorer.stage is not None, "the meadow is there")
    explorer.do("edit_scene", lambda scene: stroke(scene, (2, 3), (6, 3), 1, 2))
    drive.until(lambda: explorer.remodel.followed is explorer.scene, "the stage follows", 2000)
    painted(drive)
    made, world = explorer.scene, pages(drive)
    kill(drive)
    session, scene = resumed(data, Session(), load_scene("hamlet"))
    np.testing.assert_array_equal(scene.map, made.map)
    assert (scene.name, scene.materials, session.scene) == (made.name, made.materials, SceneChoice())
    explorer.open_scene(scene)
    drive.until(lambda: explorer.stage is not None, "it is open")
    back(drive)
    assert pages(drive) == world
    assert explorer.unsaved  # and so it goes on being kept
    assert not drive.errors()


def test_a_scene_of_the_users_folder_is_opened_again_unless_another_is_asked_for(drive: Driver, tmp_path: Path) -> None:
    explorer, data = drive.explorer, drive.explorer.folders.data
    save_scene(replace(explorer.scene, map=explorer.scene.map[:6, :5]), tmp_path / "mine")
    explorer.do("open", tmp_path / "mine")
    drive.agree()
    drive.until(lambda: explorer.scene.map.shape == (6, 5) and explorer.stage is not None, "it is open")
    drive.until(lambda: json.loads((data / FILE).read_text())["name"] == "mine", "that is noted")
    hamlet = load_scene("hamlet")
    session, scene = resumed(data, Session(), hamlet)
    assert session.scene == SceneChoice(ref=str(tmp_path / "mine")) and scene.map.shape == (6, 5)
    other = Session(scene=SceneChoice(ref="city"))
    assert resumed(data, other, hamlet) == (other, hamlet)
    (tmp_path / "mine" / "map.png").unlink()
    session, scene = resumed(data, Session(), hamlet)
    assert session == Session() and "can't be opened" in scene.notes[-1]


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"scene": 3}', '{"scene": {}, "name": 1, "world": 2}'])
def test_a_broken_note_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    hamlet = load_scene("hamlet")
    session, scene = resumed(tmp_path, Session(), hamlet)
    assert session == Session() and replace(scene, notes=()) == hamlet


def test_a_clean_end_leaves_no_note(drive: Driver) -> None:
    explorer = drive.explorer
    drive.times[0] += PERIOD
    drive.until(lambda: (explorer.folders.data / FILE).exists(), "it is noted")
    assert json.loads((explorer.folders.data / FILE).read_text())["name"] == "courtyard"
    explorer.desk.close()
    explorer.resume.forget()
    assert not (explorer.folders.data / FILE).exists()
