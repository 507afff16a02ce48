"""Another model is loaded in the window: what happens to the paint, to what is being dreamed, and to the settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.files import model_folders
from app.session import ModelChoice
from app.state.inspection import lookable
from engine.storage.world import read_world
from scenes.load import save_scene

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def finished(drive: Driver) -> None:
    drive.until(lambda: drive.explorer.status == "this view is finished", "the view gets painted")


def load(drive: Driver, ref: str | None, **beside: tuple[str, ...]) -> None:
    drive.explorer.do("load_model", ModelChoice(ref, **beside))
    drive.until(lambda: drive.explorer.state.loading is None, "the loading ends", 2000)
    drive.until(lambda: not drive.explorer.services.worlds.loading, "a world is read", 2000)


def paint_of(drive: Driver) -> dict[int, bytes]:
    """Page → its state and its colours, in small."""
    atlas = drive.explorer.state.open_scene.volume.atlas
    return {number: atlas[number].state.read() + atlas[number].overview.read() for number in atlas}


def test_a_model_of_the_same_latents_goes_on_with_the_paint(drive: Driver) -> None:
    explorer = drive.explorer
    drive.worker.spaces["brother"] = "quick", 4
    finished(drive)
    paint, submitted = paint_of(drive), drive.worker.submitted
    load(drive, "brother")
    finished(drive)
    assert paint_of(drive) == paint and drive.worker.submitted == submitted
    assert explorer.state.session.model.ref == explorer.state.model.id == "brother"
    assert explorer.state.timeline.records and not any(map(lookable, explorer.state.timeline.records))
    assert explorer.state.open_scene.painter.client.model is explorer.state.model
    assert any("the paint stays, as both models have the same latents" in e.text for e in explorer.state.log.entries)
    explorer.do("dream")
    drive.until(lambda: drive.worker.submitted > submitted, "the new model is asked")
    assert not drive.errors()


@pytest.mark.parametrize("channels", [4, 16])
def test_paint_of_other_latents_is_saved_and_comes_back_with_its_model(drive: Driver, channels: int) -> None:
    explorer = drive.explorer
    drive.worker.spaces |= {"other": ("other-1", channels), None: ("quick", 4)}
    finished(drive)
    paint, worlds = paint_of(drive), explorer.services.worlds
    home = worlds.home
    load(drive, "other")
    assert read_world(home).header.model == "quick" and worlds.home == home.with_stem(f"{home.stem}-other-1")
    told = [entry.text for entry in explorer.state.log.entries]
    assert any("painted anew; the paint of quick is kept in" in text and home.name in text for text in told)
    assert explorer.state.open_scene.volume.channels == channels
    submitted = drive.worker.submitted
    finished(drive)
    assert drive.worker.submitted > submitted  # the surfaces were bare
    other = paint_of(drive)
    load(drive, None)
    assert paint_of(drive) == paint
    assert read_world(home.with_stem(f"{home.stem}-other-1")).header.model == "other-1"
    finished(drive)
    load(drive, "other")
    assert paint_of(drive) == other
    assert not drive.errors()


def test_a_model_that_cannot_be_loaded_leaves_the_one_before_and_its_dreams(drive: Driver) -> None:
    explorer = drive.explorer
    finished(drive)
    paint = paint_of(drive)
    load(drive, "broken")
    assert drive.errors() == ["broken can't be loaded; quick stays: broken is damaged."]
    assert explorer.state.session.model == ModelChoice() and explorer.state.model.id == "quick"
    assert paint_of(drive) == paint
    explorer.do("erase")
    submitted = drive.worker.submitted
    drive.until(lambda: drive.worker.submitted > submitted, "it goes on dreaming")
    finished(drive)


def test_loading_is_shown_and_cancelled_and_nothing_is_dreamed_meanwhile(drive: Driver) -> None:
    explorer = drive.explorer
    drive.worker.spaces["slow"] = "slow", 4
    drive.worker.loading_held = drive.worker.held = True
    drive.until(lambda: drive.worker.request is not None, "a dream is asked for")
    explorer.do("load_model", ModelChoice("slow"))
    drive.frames(5)
    assert drive.worker.request is None and explorer.status == "loading slow: U-Net"
    assert explorer.state.loading.share == 0.25
    explorer.shell.bring_to_front("Models")
    drive.frames(5)
    explorer.do("load_model", ModelChoice("slow"))
    explorer.do("autopilot")
    explorer.do("dream")
    explorer.state.walker = replace(explorer.state.walker, yaw=explorer.state.walker.yaw + 5)
    drive.frames(20)
    assert drive.worker.request is None and explorer.state.travel.flight is None
    explorer.do("cancel_load")
    drive.until(lambda: explorer.state.loading is None, "it is cancelled")
    assert "Loading cancelled; quick stays" in [e.text for e in explorer.state.log.entries]
    drive.worker.held = False
    finished(drive)
    assert explorer.state.session.model == ModelChoice() and not drive.errors()


def test_settings_that_were_as_the_model_prefers_them_follow_and_undo_keeps_the_model(drive: Driver) -> None:
    explorer = drive.explorer
    drive.worker.spaces |= {"fine": ("quick", 4), "coarse": ("far", 4)}
    drive.worker.defaults = {"steps": 7, "scale": 3.0}
    state = explorer.state
    state.session = replace(state.session, dream=replace(state.session.dream, scale=5.5))
    drive.frames(3)
    load(drive, "fine")
    assert (state.session.dream.steps, state.session.dream.scale) == (7, 5.5)
    assert (state.pictures.form.settings.dream.steps, state.pictures.form.settings.dream.scale) == (7, 3.0)
    drive.worker.defaults = {}
    load(drive, "coarse")
    assert state.session.dream.steps == type(state.session.dream)().steps
    assert state.pictures.form.settings.dream == type(state.session.dream)()
    drive.frames(3)
    for _ in range(5):
        explorer.do("undo")
        drive.frames(3)
        assert state.session.model.ref == "coarse" and not state.strokes
    assert state.session.dream.scale != 5.5 and not drive.errors()


def test_strokes_of_other_latents_are_not_redone(drive: Driver) -> None:
    explorer = drive.explorer
    drive.worker.spaces["other"] = "other-1", 4
    finished(drive)
    explorer.do("freeze_view")
    drive.until(lambda: len(explorer.state.strokes) == 1, "it is frozen")
    load(drive, "other")
    assert explorer.state.strokes == () and explorer.services.strokes.bytes == 0
    explorer.do("undo")
    finished(drive)
    assert not drive.errors() and not any("no longer stored" in e.text for e in explorer.state.log.entries)


def test_paint_that_cannot_be_saved_brings_the_model_before_back(drive: Driver, monkeypatch) -> None:
    explorer = drive.explorer
    drive.worker.spaces |= {"other": ("other-1", 4), None: ("quick", 4)}
    finished(drive)
    paint = paint_of(drive)
    explorer.services.worlds.home.parent.mkdir(parents=True, exist_ok=True)
    explorer.services.worlds.home.mkdir()  # a folder where the file should be
    load(drive, "other")
    drive.until(lambda: explorer.state.loading is None, "it comes back", 2000)
    assert explorer.state.model.space == "quick"
    assert explorer.state.session.model == ModelChoice() and paint_of(drive) == paint
    assert any("could not be saved" in text for text in drive.errors())
    explorer.services.worlds.home.rmdir()


def test_a_scene_that_is_opened_while_a_model_loads_gets_it(drive: Driver, tmp_path: Path) -> None:
    explorer = drive.explorer
    drive.worker.spaces["other"] = "other-1", 16
    finished(drive)
    drive.worker.loading_held = True
    explorer.do("load_model", ModelChoice("other"))
    drive.frames(3)
    save_scene(replace(explorer.state.scene, name="there", map=explorer.state.scene.map[:6, :5]), tmp_path / "there")
    explorer.do("open", tmp_path / "there")
    drive.agree()
    drive.until(lambda: explorer.state.scene.map.shape == (6, 5) and explorer.state.open_scene is not None, "it opens")
    drive.worker.loading_held = False
    drive.until(lambda: explorer.state.loading is None, "the model is there")
    assert explorer.state.open_scene.volume.channels == 16
    finished(drive)
    assert not drive.errors()


def test_folders_are_listed_in_the_panel_chosen_by_mouse_and_forgotten(
    drive: Driver, tiny_model: Path, tmp_path: Path
) -> None:
    explorer, panel = drive.explorer, next(p for p, _ in drive.explorer.shell.panels if p.title == "Models")
    drive.worker.spaces[str(tiny_model)] = "quick", 4
    explorer.shell.bring_to_front("Models")
    explorer.do("add_models", tiny_model)
    drive.until(lambda: model_folders.load(explorer.state.folders.config) == (tiny_model,), "it is registered")
    drive.until(
        lambda: explorer.services.models.get() and len(explorer.services.models.get().entries) == 2, "it is listed"
    )
    finished(drive)
    for place in places():
        click(drive, *place)
        if panel._wish.ref is not None:
            break
    assert panel._wish == ModelChoice(str(tiny_model))
    for place in places():
        click(drive, *place)
        if explorer.state.loading is not None or explorer.state.session.model.ref:
            break
    drive.until(lambda: explorer.state.session.model.ref == str(tiny_model), "it is loaded")
    explorer.do("remove_models", tiny_model)
    drive.until(lambda: model_folders.load(explorer.state.folders.config) == (), "it is forgotten")
    explorer.do("add_models", tmp_path / "nowhere")
    drive.until(lambda: bool(drive.errors()), "it is told")
    assert "is neither a file nor a folder" in drive.errors()[0]


def places() -> list[tuple[float, float]]:
    """Places in the panel below its tab, one under the other."""
    from imgui_bundle import imgui

    window = imgui.internal.find_window_by_name("Models")
    return [(window.pos.x + 60, window.pos.y + y) for y in range(36, int(window.size.y), 6)]


def click(drive: Driver, x: float, y: float) -> None:
    height = drive.window.size[1]
    drive.mouse(x, y)
    drive.frames(1)
    for event in ("on_mouse_press", "on_mouse_release"):
        drive.window.native.dispatch_event(event, int(x), int(height - y), 1, 0)
        drive.frames(1)
