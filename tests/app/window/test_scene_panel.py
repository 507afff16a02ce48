"""The scene under one's hands: painting the map with the mouse, undo, materials, saving, while dreams go on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from imgui_bundle import imgui

from app.panels.map_tools import RISE, TOOLS
from app.services.prompt_dice import PromptDice
from app.services.prompt_suggestions import PromptSuggestions
from app.state.builder import NOT_ON_MAP
from app.state.prompt_dice import Categories, DrawnPrompt
from app.state.suggestions import Suggestions
from engine.atlas.page import STEPS
from scenes import edit, edit_map
from scenes.load import load_scene
from scenes.stamp import turn_stamp

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


@pytest.fixture
def panel(drive: Driver):
    """The Scene panel, in front, with its map drawn; its suggestions answer at once."""
    explorer = drive.explorer
    found = next(panel for panel, _ in explorer.shell.panels if panel.title == "Scene")
    explorer.services.suggestions = PromptSuggestions(
        lambda: lambda prompt: Suggestions(prompt, (("old bricks", 0.4),), True)
    )
    explorer.shell.bring_to_front("Scene")
    drive.until(lambda: found.map.seen is not None, "the map is drawn")
    drive.frames(3)
    yield found


def point(panel, x: float, z: float) -> tuple[float, float]:
    return panel.map.seen.point(x, z)


def settled(drive: Driver) -> None:
    explorer = drive.explorer
    drive.until(lambda: explorer.services.rebuild.shown is explorer.state.scene, "the open scene follows", 2000)


def painted(drive: Driver) -> int:
    pages = drive.explorer.state.open_scene.volume.snapshot().pages.values()
    return sum(int((page["state"][..., STEPS] > 0).sum()) for page in pages)


def test_a_stroke_on_the_map_builds_a_wall_and_undo_takes_it_down(drive: Driver, panel) -> None:
    explorer = drive.explorer
    drive.until(lambda: explorer.status == "this view is finished", "the view is painted")
    drive.worker.held = True
    before, height, paint = explorer.state.scene, explorer.state.open_scene.plan.blocks.size[1], painted(drive)
    panel.map.value = 3
    drive.drag(point(panel, 2.5, 5.5), point(panel, 5.5, 5.5))
    assert np.argwhere(explorer.state.scene.map != before.map).tolist() == [[5, 2], [5, 3], [5, 4], [5, 5]]
    settled(drive)
    assert explorer.state.open_scene.plan.blocks.solid[:, 5, 2:6].max() == 3
    assert 0.3 * paint < painted(drive) < paint
    assert explorer.state.open_scene.plan.blocks.size[1] == height
    drive.press("left_ctrl")
    drive.tap("z")
    drive.release("left_ctrl")
    assert explorer.state.scene == before  # the whole stroke at once
    settled(drive)
    assert explorer.state.open_scene.plan.blocks.solid[1:, 5, 2:6].max() == 0
    assert painted(drive) == paint  # with all that was painted where the wall stood
    drive.worker.held, dreams = False, explorer.state.open_scene.painter.client.dreams
    drive.until(lambda: explorer.status == "this view is finished", "there is nothing to do")
    assert explorer.state.open_scene.painter.client.dreams == dreams and not drive.errors()


def test_the_preview_forgets_a_picture_of_what_was_undone(drive: Driver, panel) -> None:
    explorer = drive.explorer
    client = explorer.state.open_scene.painter.client
    explorer.do("edit_scene", lambda s: edit.change_scene(s, floor="wall"))
    settled(drive)
    drive.until(lambda: client.dreamed is not None and client.running is None, "the view is dreamed")
    explorer.do("undo")
    assert client.dreamed is None and explorer.state.scene.floor != "wall"
    settled(drive)
    drive.frames(3)
    assert not drive.errors()


def test_fill_and_pick(drive: Driver, panel) -> None:
    explorer = drive.explorer
    drive.drag(point(panel, 3.5, 3.5), point(panel, 3.5, 3.5), button=4)  # the right button picks
    assert panel.map.value == 3
    panel.map.tool = "fill"
    before = explorer.state.scene
    drive.drag(point(panel, 0.5, 0.5), point(panel, 0.5, 0.5))
    assert (explorer.state.scene.map[before.map == 2] == 3).all() and (explorer.state.scene.map == 1).sum() == (
        before.map == 1
    ).sum()
    panel.map.tool = "pick"
    drive.drag(point(panel, 1.5, 1.5), point(panel, 1.5, 1.5))
    assert panel.map.value == 1
    settled(drive)
    assert not drive.errors()


def undo(drive: Driver) -> None:
    drive.press("left_ctrl")
    drive.tap("z")
    drive.release("left_ctrl")


def test_forms_are_shown_before_they_are_drawn_and_are_one_step_of_undo(drive: Driver, panel) -> None:
    explorer, before = drive.explorer, drive.explorer.state.scene
    panel.map.value, panel.map.brush.filled = 3, False
    for tool, blocks in (
        ("line", [[2, 2], [3, 3], [4, 4]]),
        ("rectangle", [[2, 2], [2, 3], [2, 4], [3, 2], [3, 4], [4, 2], [4, 3], [4, 4]]),
        ("ellipse", [[2, 2], [2, 3], [2, 4], [3, 2], [3, 4], [4, 2], [4, 3], [4, 4]]),
    ):
        panel.map.tool = tool
        drive.mouse(*point(panel, 6.5, 6.5))
        drive.frames(3)
        assert explorer.state.scene is before and panel.map._preview is not None
        drive.drag(point(panel, 2.5, 2.5), point(panel, 4.5, 4.5))
        changed = np.argwhere(explorer.state.scene.map != before.map).tolist()
        assert changed == [block for block in blocks if block != [3, 3]], tool  # the pillar stands there already
        assert (explorer.state.scene.map[tuple(np.transpose(blocks))] == 3).all()
        undo(drive)
        assert explorer.state.scene == before
    drive.press("left_shift")
    drive.drag(point(panel, 1.5, 1.5), point(panel, 3.5, 6.5))  # a square
    drive.release("left_shift")
    rows, columns = np.nonzero(explorer.state.scene.map != before.map)
    assert np.ptp(rows) == np.ptp(columns) == 5
    undo(drive)
    panel.map.value = NOT_ON_MAP
    drive.drag(point(panel, 2.5, 2.5), point(panel, 4.5, 4.5))
    assert explorer.state.scene == before and not drive.errors()


def test_esc_abandons_a_form_that_is_being_drawn(drive: Driver, panel) -> None:
    explorer, before = drive.explorer, drive.explorer.state.scene
    panel.map.tool, panel.map.value = "rectangle", 3
    start, height = point(panel, 2.5, 2.5), drive.window.size[1]
    drive.mouse(*start)
    drive.frames(2)
    drive.window.native.dispatch_event("on_mouse_press", int(start[0]), int(height - start[1]), 1, 0)
    drive.frames(2)
    drive.tap("escape")
    drive.window.native.dispatch_event("on_mouse_release", int(start[0]), int(height - start[1]), 1, 0)
    drive.frames(3)
    assert explorer.state.scene is before and not drive.errors()


def test_a_region_is_copied_turned_and_stamped(drive: Driver, panel) -> None:
    explorer, before = drive.explorer, drive.explorer.state.scene
    panel.map.tool = "stamp"
    drive.drag(point(panel, 2.5, 3.5), point(panel, 3.5, 3.5))  # a block of grass and the pillar
    assert panel.map.brush.stamp.values.tolist() == [[1, 3]] and explorer.state.scene is before
    drive.drag(point(panel, 5.8, 5.5), point(panel, 5.8, 5.5))
    assert np.argwhere(explorer.state.scene.map != before.map).tolist() == [[5, 6]]
    undo(drive)
    assert explorer.state.scene == before
    panel.map.brush.stamp = turn_stamp(panel.map.brush.stamp)
    drive.drag(point(panel, 5.5, 4.8), point(panel, 5.5, 4.8))
    assert np.argwhere(explorer.state.scene.map != before.map).tolist() == [[5, 5]]
    drive.press("left_shift")
    drive.drag(point(panel, 0.5, 0.5), point(panel, 2.5, 1.5))
    drive.release("left_shift")
    assert panel.map.brush.stamp.values.tolist() == [[2, 2, 2], [2, 1, 1]] and not drive.errors()


def test_a_block_is_dragged_higher_and_with_shift_all_of_its_material(drive: Driver, panel) -> None:
    explorer, before = drive.explorer, drive.explorer.state.scene
    panel.map.tool = "height"
    start = point(panel, 0.5, 4.5)
    up = start[0], start[1] - 1.5 * RISE
    drive.drag(start, up)
    settled(drive)
    blocks = explorer.state.open_scene.plan.blocks
    assert (blocks.solid[:, 4, 0] > 0).sum() == 7 and (blocks.solid[:, 5, 0] > 0).sum() == 4  # 3.5 and 2 blocks
    undo(drive)
    assert explorer.state.scene == before
    drive.press("left_shift")
    drive.drag(start, up)
    drive.release("left_shift")
    assert explorer.state.scene.materials[1].height == 3.5 and len(explorer.state.scene.materials) == 3
    undo(drive)
    assert explorer.state.scene == before and not drive.errors()


def test_every_tool_shows_itself_without_a_word(drive: Driver, panel) -> None:
    for value in (1, 3, 0, NOT_ON_MAP):
        for tool in TOOLS:
            panel.map.tool, panel.map.value = tool, value
            for place in ((4.5, 4.5), (0.2, 7.8)):
                drive.mouse(*point(panel, *place))
                drive.frames(2)
    assert not drive.errors()


def test_the_wheel_zooms_where_the_pointer_is_and_strokes_land_there(drive: Driver, panel) -> None:
    here = point(panel, 6.5, 6.5)
    drive.mouse(*here)
    drive.frames(2)
    for _ in range(4):
        drive.explorer.controls.wheel(0, 1)
        drive.frames(2)
    assert panel.map.seen.blocks < 8 / 2
    np.testing.assert_allclose(panel.map.seen.place(*here), (6.5, 6.5), atol=0.6)
    x, z = (int(c) for c in panel.map.seen.place(*here))
    panel.map.value = 0
    drive.drag(here, here)
    assert drive.explorer.state.scene.map[z, x] == 0


def test_nobody_is_walled_in(drive: Driver) -> None:
    explorer = drive.explorer
    x, z = 5.5, 5.5
    explorer.state.walker = replace(explorer.state.walker, position=(x, 0.5 + 1.7, z))
    explorer.do("edit_scene", lambda s: edit_map.paint_stroke(s, (x, z), (x, z), 3, 3))
    settled(drive)
    drive.frames(2)
    assert explorer.state.camera.position == (x, 3.0 + 1.7, z)
    explorer.do("edit_scene", lambda s: edit.change_material(s, 1, height=2.5))
    settled(drive)
    assert explorer.state.camera.position == (x, 3.0 + 1.7, z)


def test_a_prompt_edited_while_a_dream_runs_counts_from_the_next_one(drive: Driver) -> None:
    explorer = drive.explorer
    drive.until(lambda: explorer.state.open_scene.painter.client.running is not None, "a dream runs")
    drive.worker.held = True
    running, volume = explorer.state.open_scene.painter.client.running, explorer.state.open_scene.volume
    explorer.do("edit_scene", lambda s: edit.change_material(s, 0, prompt="deep snow"))
    drive.frames(3)
    assert explorer.state.open_scene.painter.client.running is running and explorer.state.open_scene.volume is volume
    drive.worker.held = False
    drive.until(lambda: explorer.status == "this view is finished", "the dream ends")
    dreams = explorer.state.open_scene.painter.client.dreams
    explorer.do("erase_material", 0)
    drive.until(lambda: explorer.state.open_scene.painter.client.running is not None, "the floor is dreamed anew")
    prompts = {region.prompt for region in explorer.state.open_scene.painter.client.running.canvas.regions}
    assert "deep snow" in prompts and "a meadow" not in prompts
    drive.until(lambda: explorer.state.open_scene.painter.client.dreams > dreams, "it is painted")


def test_a_geometric_edit_while_a_dream_runs_abandons_it_and_nothing_of_it_lands(drive: Driver) -> None:
    explorer = drive.explorer
    drive.until(lambda: explorer.state.open_scene.painter.client.running is not None, "a dream runs")
    first = explorer.state.open_scene.painter.client.running.id
    explorer.do("edit_scene", lambda s: edit.change_material(s, 1, height=5.0))
    settled(drive)
    assert painted(drive) == 0 and drive.worker.cancelled >= 1
    drive.until(lambda: explorer.status == "this view is finished", "the new walls are painted")
    assert drive.explorer.state.timeline.records[-1].id > first
    assert explorer.state.open_scene.plan.blocks.size[1] == 5.0 and not drive.errors()


def test_an_edit_that_no_file_may_say_is_one_sentence_and_changes_nothing(drive: Driver) -> None:
    explorer, before = drive.explorer, drive.explorer.state.scene
    explorer.do("edit_scene", lambda s: edit.change_material(s, 0, name="wall"))
    drive.frames(3)
    assert explorer.state.scene is before
    assert any("courtyard" in text and "name" in text for text in drive.errors())


def test_materials_are_added_moved_and_removed_while_everything_stays_painted(drive: Driver, panel) -> None:
    explorer = drive.explorer
    drive.until(lambda: explorer.status == "this view is finished", "the view is painted")
    drive.worker.held, paint = True, painted(drive)
    for change in (
        lambda s: edit.add_material(s, 1),
        lambda s: edit.move_material(s, 0, 3),
        lambda s: edit.remove_material(s, 1),
        lambda s: edit.change_background(s, display=(10, 12, 40), prompt="stars"),
    ):
        explorer.do("edit_scene", change)
        settled(drive)
        drive.frames(2)
    assert [m.name for m in explorer.state.open_scene.scene.materials] == ["wall", "pillar", "grass"]
    assert painted(drive) == paint and not drive.errors()


def test_every_choice_of_the_panel_draws_without_a_word(drive: Driver, panel) -> None:
    for value in (1, 2, 3, 0, -1):
        panel.map.value = value
        drive.frames(3)
    assert drive.explorer.services.suggestions.about("blue sky").far
    assert not drive.errors()


def test_a_saved_scene_is_opened_again_as_it_was(drive: Driver, tmp_path) -> None:
    explorer = drive.explorer
    explorer.do("edit_scene", lambda s: edit_map.paint_stroke(s, (4, 5), (6, 5), 2, 3))
    explorer.do("edit_scene", lambda s: edit.change_background(s, display=(10, 12, 40)))
    settled(drive)
    explorer.do("save_scene", tmp_path / "mine")
    drive.until(lambda: explorer.state.session.scene.ref == str(tmp_path / "mine"), "it is saved")
    again = load_scene(tmp_path / "mine")
    assert again.hash == explorer.state.scene.hash and again.background == explorer.state.scene.background
    explorer.do("edit_scene", lambda s: edit.change_material(s, 0, height=1.5))
    explorer.do("save_scene")  # now it has a place of its own
    drive.until(lambda: load_scene(tmp_path / "mine").materials[0].height == 1.5, "it is saved there")


def test_a_new_scene_is_opened_painted_and_built_on(drive: Driver) -> None:
    explorer = drive.explorer
    explorer.do("new_scene", 12, 10)
    drive.agree()
    drive.until(lambda: explorer.state.open_scene is not None, "the meadow is open")
    drive.until(lambda: explorer.status == "this view is finished", "it is painted", 2000)
    explorer.do("edit_scene", lambda s: edit_map.paint_stroke(s, (4, 4), (8, 4), 1, 4))
    settled(drive)
    assert explorer.state.open_scene.plan.blocks.size == (12.0, 3.0, 10.0) and not drive.errors()


def test_the_dice_replaces_a_prompt_and_undo_brings_it_back(drive: Driver, panel) -> None:
    explorer = drive.explorer
    asked = []

    def draw(settings, near, seed):
        asked.append((settings, near))
        return DrawnPrompt(f"prompt {seed}", "brick wall", 0.5)

    explorer.services.dice = PromptDice(lambda: (draw, lambda settings: Categories(("brick",), ("night",))))
    panel.map.value = 2
    drive.frames(3)
    explorer.services.dice.throw("##promptwall", "a brick wall")
    drive.until(lambda: explorer.state.scene.materials[1].prompt == "prompt 1", "the prompt is drawn")
    assert asked[0][1] == "a brick wall" and "most similar known" in explorer.state.overlays.toasts[-1].text
    drive.frames(2)
    undo(drive)
    assert explorer.state.scene.materials[1].prompt == "a brick wall" and not drive.errors()


def test_suggestions_do_not_move_what_is_below_them(drive: Driver, panel, monkeypatch) -> None:
    answers: dict[str, Suggestions] = {}
    explorer, heights = drive.explorer, []
    repaint = panel.materials._repaint

    def measured(*args) -> None:
        heights.append(imgui.get_cursor_pos_y())
        repaint(*args)

    panel.materials._repaint = measured
    monkeypatch.setattr(explorer.services.suggestions, "about", answers.get)
    panel.map.value = 2
    drive.frames(2)
    for count in (0, 1, 4, 9):
        answers["a brick wall"] = Suggestions("a brick wall", tuple((f"wall {n}", 0.5) for n in range(count)), False)
        drive.frames(2)
    assert len(heights) >= 10 and len(set(heights)) == 1


def test_ctrl_and_a_click_select_the_material_of_a_surface(drive: Driver, panel) -> None:
    explorer = drive.explorer
    explorer.shell.bring_to_front("View")
    explorer.state.walker = replace(explorer.state.walker, position=(3.5, 1.5, 6.0), yaw=0.0, pitch=0.0)
    drive.frames(3)
    x, y, width, height = explorer.shell.scene_box
    for place, value in (((0.5, 0.5), 3), ((0.5, 0.98), 1), ((0.2, 0.02), NOT_ON_MAP), ((0.98, 0.5), 2)):
        drive.press("left_ctrl")
        where = x + place[0] * width, y + place[1] * height
        drive.drag(where, where)
        drive.release("left_ctrl")
        drive.frames(4)
        assert panel.map.value == value and not explorer.state.looking, place
    where = x + width / 2, y + height / 2
    drive.drag(where, where)
    assert explorer.state.looking == "left" and not drive.errors()
