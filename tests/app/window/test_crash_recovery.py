"""After a kill the next start opens the scene that was open, with its paint, also one that was never saved to a file."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.actions.open_scene import show_scene
from app.services.autosave import PERIOD
from app.services.crash_recovery import FILE, resume_session
from app.session import ModelChoice, SceneChoice, Session
from scenes.edit_map import paint_stroke
from scenes.load import load_scene, save_scene
from tests.app.window.test_autosave import back, kill, pages, painted

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def test_a_new_scene_that_was_never_saved_is_back_with_its_paint(drive: Driver) -> None:
    explorer, data = drive.explorer, drive.explorer.state.folders.data
    explorer.do("new_scene", 10, 8)
    drive.agree()
    drive.until(
        lambda: explorer.state.scene.map.shape == (8, 10) and explorer.state.open_scene is not None,
        "the meadow is there",
    )
    explorer.do("edit_scene", lambda scene: paint_stroke(scene, (2, 3), (6, 3), 1, 2))
    drive.until(lambda: explorer.services.rebuild.shown is explorer.state.scene, "the open scene follows", 2000)
    painted(drive)
    made, world = explorer.state.scene, pages(drive)
    kill(drive)
    session, scene = resume_session(data, Session(), load_scene("hamlet"))
    np.testing.assert_array_equal(scene.map, made.map)
    assert (scene.name, scene.materials, session.scene) == (made.name, made.materials, SceneChoice())
    show_scene(explorer.context, scene)
    drive.until(lambda: explorer.state.open_scene is not None, "it is open")
    back(drive)
    assert pages(drive) == world
    assert explorer.state.unsaved  # and so it goes on being kept
    assert not drive.errors()


def test_a_scene_of_the_users_folder_is_opened_again_unless_another_is_asked_for(drive: Driver, tmp_path: Path) -> None:
    explorer, data = drive.explorer, drive.explorer.state.folders.data
    save_scene(replace(explorer.state.scene, map=explorer.state.scene.map[:6, :5]), tmp_path / "mine")
    explorer.do("open", tmp_path / "mine")
    drive.agree()
    drive.until(
        lambda: explorer.state.scene.map.shape == (6, 5) and explorer.state.open_scene is not None, "it is open"
    )
    drive.until(lambda: json.loads((data / FILE).read_text())["name"] == "mine", "that is noted")
    hamlet = load_scene("hamlet")
    session, scene = resume_session(data, Session(), hamlet)
    assert session.scene == SceneChoice(ref=str(tmp_path / "mine")) and scene.map.shape == (6, 5)
    other = Session(scene=SceneChoice(ref="city"))
    assert resume_session(data, other, hamlet) == (other, hamlet)
    (tmp_path / "mine" / "map.png").unlink()
    session, scene = resume_session(data, Session(), hamlet)
    assert session == Session() and "can't be opened" in scene.notes[-1]


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"scene": 3}', '{"scene": {}, "name": 1, "world": 2}'])
def test_a_broken_note_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    hamlet = load_scene("hamlet")
    session, scene = resume_session(tmp_path, Session(), hamlet)
    assert session == Session() and replace(scene, notes=()) == hamlet


def test_a_clean_end_leaves_no_note(drive: Driver) -> None:
    explorer = drive.explorer
    drive.times[0] += PERIOD
    drive.until(lambda: (explorer.state.folders.data / FILE).exists(), "it is noted")
    assert json.loads((explorer.state.folders.data / FILE).read_text())["name"] == "courtyard"
    explorer.services.io.close()
    explorer.services.recovery.forget()
    assert not (explorer.state.folders.data / FILE).exists()


def test_the_model_that_was_loaded_is_loaded_again_unless_another_is_asked_for(drive: Driver, tmp_path: Path) -> None:
    explorer, data = drive.explorer, drive.explorer.state.folders.data
    drive.worker.spaces["other"] = "other-1", 4
    explorer.do("load_model", ModelChoice("other", lora=("moss.safetensors:0.5",)))
    drive.until(lambda: explorer.state.session.model.ref == "other", "it is loaded")
    drive.until(lambda: json.loads((data / FILE).read_text()).get("model", {}).get("ref") == "other", "that is noted")
    painted(drive)
    world, note = pages(drive), (data / FILE).read_text()
    kill(drive)
    (data / FILE).write_text(note)  # for a kill writes nothing
    session, scene = resume_session(data, Session(), explorer.state.saved_scene)
    assert session.model == ModelChoice("other", lora=("moss.safetensors:0.5",))
    chosen = Session(model=ModelChoice("mine"))
    assert resume_session(data, chosen, scene)[0].model == chosen.model
    # a start with another model leaves the paint where it is; loading that model brings it back
    drive.worker.spaces[None] = "quick", 4
    explorer.state.model = None
    show_scene(explorer.context, scene)
    drive.until(lambda: explorer.state.open_scene is not None, "it is open")
    explorer.do("load_model", ModelChoice())
    drive.until(lambda: explorer.state.model is not None, "the first model is there")
    drive.frames(5)
    assert pages(drive) != world
    explorer.do("load_model", ModelChoice("other"))
    drive.until(lambda: pages(drive) == world, "its paint is back", 2000)
    assert not [e for e in explorer.state.log.entries if "moved to" in e.text] and not drive.errors()
