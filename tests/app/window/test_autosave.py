"""A kill loses nothing older than the last saving; a clean end leaves nothing behind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from app.files.autosave import PERIOD
from scenes.edit import stroke

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def test_after_a_kill_place_settings_and_paint_are_back(drive: Driver) -> None:
    explorer = drive.explorer
    drive.until(lambda: explorer.status == "this view is finished", "the view gets painted")
    explorer.session = replace(explorer.session, dream=replace(explorer.session.dream, steps=5))
    explorer.walker = replace(explorer.walker, yaw=12.0)
    drive.until(lambda: explorer.status == "this view is finished", "the next view gets painted")
    drive.times[0] += PERIOD
    drive.until(lambda: explorer.autosave.state.exists() and not explorer.desk.busy, "it is saved")
    drive.frames(3)
    world, place = explorer.stage.volume.snapshot(), explorer.camera
    drive.worker.held = True  # a kill: whatever comes now is lost
    explorer.do("erase")
    explorer.walker = replace(explorer.walker, yaw=99.0)
    explorer.session = replace(explorer.session, dream=type(explorer.session.dream)())
    explorer.autosave.restore()
    drive.until(lambda: not explorer.desk.busy, "the world is read back")
    drive.frames(2)
    assert explorer.session.dream.steps == 5
    np.testing.assert_allclose(explorer.camera.axes, place.axes, atol=1e-6)
    after = explorer.stage.volume.snapshot()
    assert after.pages.keys() == world.pages.keys()
    for number, page in world.pages.items():
        for name, values in page.items():
            np.testing.assert_array_equal(after.pages[number][name], values)


def test_after_a_kill_the_edited_scene_and_its_paint_are_back(drive: Driver) -> None:
    explorer, before = drive.explorer, drive.explorer.scene
    explorer.do("edit_scene", lambda scene: stroke(scene, (2, 5), (6, 5), 1, 2))
    drive.until(lambda: explorer.remodel.followed is explorer.scene, "the stage follows", 2000)
    drive.until(lambda: explorer.status == "this view is finished", "the view gets painted")
    drive.times[0] += PERIOD
    drive.until(lambda: explorer.autosave.state.exists() and not explorer.desk.busy, "it is saved")
    edited, world = explorer.scene, explorer.stage.volume.snapshot()
    drive.worker.held = True  # a kill
    explorer.open_scene(before)
    drive.until(lambda: explorer.stage is not None, "the scene is opened as it was")
    explorer.autosave.restore()
    drive.until(lambda: explorer.stage.scene.hash == edited.hash, "the edits are back", 2000)
    drive.until(lambda: any("World loaded" in e.text for e in explorer.log.entries), "the world is read back")
    after = explorer.stage.volume.snapshot()
    assert {n: p["state"].tobytes() for n, p in after.pages.items()} == {
        n: p["state"].tobytes() for n, p in world.pages.items()
    }
    assert not drive.errors()
    explorer.autosave.forget()
    assert not list(explorer.autosave.world.parent.glob("*"))


def test_a_clean_end_leaves_nothing_to_restore(drive: Driver) -> None:
    explorer = drive.explorer
    drive.until(lambda: explorer.stage.painter.dreams > 0, "a dream ends")
    explorer.autosave.save()
    drive.until(lambda: explorer.autosave.world.exists() and not explorer.desk.busy, "it is saved")
    explorer.autosave.forget()
    assert not list(explorer.autosave.world.parent.glob("*"))


def test_nothing_is_saved_while_one_walks(drive: Driver) -> None:
    explorer = drive.explorer
    drive.until(lambda: explorer.stage.painter.dreams > 0, "a dream ends")
    drive.press("w")
    drive.frames(5)
    drive.times[0] += PERIOD
    drive.frames(5)
    assert not explorer.autosave.state.exists()
    drive.release("w")
    drive.until(explorer.autosave.state.exists, "it is saved once one stands still")
