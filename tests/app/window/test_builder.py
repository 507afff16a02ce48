"""Building in the view: blocks are placed, removed and raised by the mouse, one press is one step, and paint stays elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.state.builder import NOT_ON_MAP
from engine.atlas.page import STEPS

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


@pytest.fixture
def builder(drive: Driver):
    """Above the courtyard's south, looking down to the north, with the tool in the hand and the pillar's marble to place."""
    state = drive.explorer.state
    state.walker = replace(state.walker, position=(4.5, 6.0, 9.0), yaw=0.0, pitch=-45.0)
    drive.explorer.do("build", "place")
    state.builder.value = 3
    drive.frames(3)
    return state.builder


def point(drive: Driver, x: float, y: float, z: float) -> tuple[float, float]:
    """Where the window shows a point of the world."""
    left, top, width, height = drive.explorer.shell.scene_box
    clip = drive.explorer.state.camera.matrix((int(width), int(height))) @ (x, y, z, 1.0)
    return left + (clip[0] / clip[3] * 0.5 + 0.5) * width, top + (0.5 - clip[1] / clip[3] * 0.5) * height


def changed(drive: Driver, before) -> list[list[int]]:
    """[z, x] of the blocks that are others now."""
    return np.argwhere(drive.explorer.state.scene.map != before.map).tolist()


def settled(drive: Driver) -> None:
    explorer = drive.explorer
    drive.until(lambda: explorer.services.rebuild.shown is explorer.state.scene, "the open scene follows", 2000)


def undo(drive: Driver) -> None:
    drive.press("left_ctrl")
    drive.tap("z")
    drive.release("left_ctrl")


def test_a_click_places_a_block_shift_removes_it_and_paint_elsewhere_stays(drive: Driver, builder) -> None:
    explorer, before = drive.explorer, drive.explorer.state.scene
    drive.until(lambda: explorer.status == "this view is finished", "the view is painted", 2000)
    drive.worker.held = True

    def painted() -> int:
        pages = explorer.state.open_scene.volume.snapshot().pages.values()
        return sum(int((page["state"][..., STEPS] > 0).sum()) for page in pages)

    paint, here = painted(), point(drive, 2.5, 0.25, 5.5)
    drive.drag(here, here)
    assert changed(drive, before) == [[5, 2]] and explorer.state.scene.map[5, 2] == 3
    settled(drive)
    assert paint * 0.5 < painted() < paint
    drive.press("left_shift")
    top = point(drive, 2.5, 3.0, 5.5)
    drive.drag(top, top)
    drive.release("left_shift")
    assert explorer.state.scene.map[5, 2] == 0
    undo(drive)
    assert explorer.state.scene.map[5, 2] == 3
    undo(drive)
    assert explorer.state.scene == before
    settled(drive)
    assert painted() == paint and not drive.errors()


def test_pointing_at_a_wall_places_beside_it_and_dragging_places_a_row(drive: Driver, builder) -> None:
    before = drive.explorer.state.scene
    side = point(drive, 3.5, 1.5, 4.0)  # the pillar's south side
    drive.drag(side, side)
    assert changed(drive, before) == [[4, 3]]
    undo(drive)
    settled(drive)
    drive.drag(point(drive, 1.5, 0.25, 5.4), point(drive, 5.5, 0.25, 5.4))
    assert changed(drive, before) == [[5, x] for x in range(1, 6)]
    undo(drive)
    assert drive.explorer.state.scene == before and not drive.errors()


def test_blocks_of_layers_stay_and_say_why(drive: Driver, builder) -> None:
    state = drive.explorer.state
    layers = np.zeros((1, *state.scene.map.shape), np.uint8)
    layers[0, 5, 2] = 2
    state.scene = replace(state.scene, layers=layers)
    settled(drive)
    before, top = state.scene, point(drive, 2.5, 1.0, 5.5)
    for tool in ("place", "remove", "raise"):
        drive.explorer.do("build", tool)
        state.overlays.toasts = []
        drive.drag(top, top)
        assert changed(drive, before) == [] and ["layers.png" in toast.text for toast in state.overlays.toasts] == [
            True
        ]
    assert state.scene == before and not drive.errors()


def test_a_block_is_raised_to_the_pointer_and_with_shift_all_of_its_material(drive: Driver, builder) -> None:
    explorer, before = drive.explorer, drive.explorer.state.scene
    explorer.do("build", "raise")
    drive.frames(2)
    start, end = point(drive, 3.5, 2.0, 4.0), point(drive, 3.5, 3.5, 4.0)
    drive.drag(start, end)
    assert explorer.state.scene.materials[2].height == 4.5  # the only pillar: its material itself
    undo(drive)
    assert explorer.state.scene == before
    start, end = point(drive, 6.5, 1.0, 0.99), point(drive, 6.5, 2.0, 0.99)
    drive.drag(start, end)
    assert [m.name for m in explorer.state.scene.materials[3:]] == ["wall 2"]
    assert explorer.state.scene.materials[3].height == 3.0 and changed(drive, before) == [[0, 6]]
    undo(drive)
    drive.press("left_shift")
    drive.drag(start, end)
    drive.release("left_shift")
    assert explorer.state.scene.materials[1].height == 3.0 and changed(drive, before) == []
    undo(drive)
    assert explorer.state.scene == before and not drive.errors()


def test_esc_takes_back_what_is_under_way_then_puts_the_tool_away(drive: Driver, builder) -> None:
    explorer, before, height = drive.explorer, drive.explorer.state.scene, drive.window.size[1]
    here = point(drive, 2.5, 0.25, 5.5)
    drive.mouse(*here)
    drive.frames(2)
    drive.window.native.dispatch_event("on_mouse_press", int(here[0]), int(height - here[1]), 1, 0)
    drive.frames(2)
    assert changed(drive, before) == [[5, 2]]
    drive.tap("escape")
    assert explorer.state.scene == before and builder.tool == "place"
    drive.window.native.dispatch_event("on_mouse_release", int(here[0]), int(height - here[1]), 1, 0)
    drive.tap("escape")
    assert not builder.tool and not drive.errors()
    drive.tap("h")
    assert builder.tool == "place"
    drive.tap("b")
    assert not builder.tool and explorer.state.brush.tool


def test_the_wheel_and_ctrl_click_select_what_is_placed(drive: Driver, builder) -> None:
    explorer = drive.explorer
    explorer.shell.bring_to_front("Scene")
    drive.mouse(*point(drive, 2.5, 0.25, 5.5))
    drive.frames(4)
    explorer.controls.wheel(0, -1)
    drive.frames(3)
    panel = next(panel for panel, _ in explorer.shell.panels if panel.title == "Scene")
    assert builder.value == panel.map.value == 1
    explorer.controls.wheel(0, 1)
    assert builder.value == 3
    drive.press("left_ctrl")
    wall = point(drive, 5.5, 1.0, 1.0)
    drive.drag(wall, wall)
    drive.release("left_ctrl")
    drive.frames(3)
    assert builder.value == panel.map.value == 2
    panel.map.value = 1
    drive.frames(2)
    assert builder.value == 1 and not drive.errors()


def test_the_sky_and_empty_ground_are_not_placed(drive: Driver, builder) -> None:
    before = drive.explorer.state.scene
    here = point(drive, 2.5, 0.25, 5.5)
    for value in (NOT_ON_MAP, 0):
        builder.value = value
        drive.drag(here, here)
    builder.value = 3
    sky = point(drive, 4.5, 30.0, -40.0)
    drive.explorer.do("press_builder", *sky)
    assert changed(drive, before) == [] and builder.press is None and not drive.errors()
