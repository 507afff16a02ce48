"""The style of the scene, and paint of other prompts: told in the Scene panel, repainted on request, undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.loop.paint_survey import survey
from app.panels.style import summary
from scenes import edit
from scenes.style import Style

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


@pytest.fixture
def panel(drive: Driver):
    """The Scene panel in front, with a view painted."""
    found = next(panel for panel, _ in drive.explorer.shell.panels if panel.title == "Scene")
    drive.explorer.shell.bring_to_front("Scene")
    finish(drive)
    return found


def finish(drive: Driver) -> None:
    drive.until(lambda: drive.explorer.status == "this view is finished", "the view is painted")
    drive.frames(8)


def told(panel) -> list[bool]:
    return [panel.outdated.texels(material) > 0 for material in range(-1, 3)]


def test_a_changed_prompt_is_marked_until_its_paint_is_repainted(drive: Driver, panel) -> None:
    do, state = drive.explorer.do, drive.explorer.state
    assert told(panel) == [False] * 4
    do("edit_scene", lambda s: edit.change_material(s, 1, prompt="ivy"))
    drive.frames(8)
    assert told(panel) == [False, False, True, False]
    do("edit_scene", lambda s: edit.change_material(s, 1, name="fence"))  # which builds the scene anew
    drive.until(lambda: state.open_scene.scene.materials[1].name == "fence", "the open scene follows")
    drive.until(lambda: told(panel) == [False, False, True, False], "it is told")
    do("undo"), do("undo")
    drive.frames(8)
    assert told(panel) == [False] * 4
    do("redo")
    drive.frames(8)
    before = survey(state.open_scene.volume).painted
    do("pause")
    do("repaint_outdated")
    drive.until(lambda: not any(told(panel)), "the old paint is gone")
    after = survey(state.open_scene.volume).painted
    assert after[1] < before[1] and {m: n for m, n in after.items() if m != 1} == {
        m: n for m, n in before.items() if m != 1
    }
    do("undo")
    drive.until(lambda: told(panel) == [False, False, True, False], "the old paint is back")
    do("redo")
    do("pause")
    drive.until(lambda: not any(told(panel)), "the old paint is gone again")
    finish(drive)
    assert survey(state.open_scene.volume).painted == before
    assert told(panel) == [False] * 4 and not drive.errors()


def test_a_style_changes_every_prompt_and_its_paint_is_marked(drive: Driver, panel) -> None:
    explorer = drive.explorer
    explorer.do("edit_scene", lambda s: edit.change_style(s, light="night"))
    drive.until(lambda: sum(told(panel)) >= 3, "all painted materials are told")
    assert panel.outdated.texels(0) > 0
    explorer.do("repaint_all")
    drive.until(lambda: not any(told(panel)), "the old paint is gone")
    finish(drive)
    assert told(panel) == [False] * 4
    asked = drive.worker.submitted
    explorer.do("dream")
    drive.until(lambda: drive.worker.submitted > asked and drive.worker.request is not None, "it is dreamed")
    assert all(region.prompt.endswith(", night") for region in drive.worker.request.canvas.regions)


def test_what_prompts_a_world_was_painted_with_is_saved_with_it(drive: Driver, panel) -> None:
    explorer = drive.explorer
    explorer.do("save_world")
    drive.until(lambda: explorer.services.worlds.is_saved(explorer.state.open_scene.volume), "it is saved")
    explorer.do("edit_scene", lambda s: edit.change_material(s, 1, prompt="ivy"))
    explorer.do("load_world")
    drive.until(lambda: not explorer.services.worlds.loading, "it is loaded")
    drive.until(lambda: told(panel) == [False, False, True, False], "the wall is of another prompt")
    assert not drive.errors()


def test_a_chosen_preset_offers_to_repaint(drive: Driver, panel) -> None:
    explorer = drive.explorer
    sampler = next(panel for panel, _ in explorer.shell.panels if panel.title == "Sampler")
    explorer.shell.bring_to_front("Sampler")
    drive.frames(3)
    dream = explorer.state.session.dream
    sampler._before = dream  # as when a preset is chosen from the combo
    drive.frames(2)
    assert sampler._before is None  # the settings are what they were


@pytest.mark.parametrize(
    ("style", "line"),
    [(Style(), "none"), (Style(light="night"), "night"), (Style("ink", "text", "fog"), "fog, ink")],
)
def test_the_style_in_a_line(style: Style, line: str) -> None:
    assert summary(style) == line
