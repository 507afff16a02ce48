"""The brush on the real window: freeze, thaw and erase with the mouse, by material and by view, and undo brings back."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.actions.open_scene import show_scene
from app.loop.paint_survey import materials
from engine.atlas.page import FROZEN, STEPS
from scenes import edit_map
from tests.engine.village import same

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


@pytest.fixture
def painted(drive: Driver) -> Driver:
    """The first view is painted and shown, and nothing more will be."""
    explorer = drive.explorer
    drive.until(lambda: explorer.status == "this view is finished", "the view is painted")
    drive.worker.held = True
    drive.until(lambda: explorer.services.viewport.is_settled(explorer.state.open_scene.volume.revision), "it is shown")
    drive.frames(2)
    return drive


def world(drive: Driver):
    return drive.explorer.state.open_scene.volume.snapshot()


def texels(drive: Driver, channel: int = STEPS) -> int:
    return sum(int((page["state"][..., channel] > 0).sum()) for page in world(drive).pages.values())


def middle(drive: Driver, right: float = 0.0, down: float = 0.0) -> tuple[float, float]:
    x, y, width, height = drive.explorer.shell.scene_box
    return x + width * (0.5 + right), y + height * (0.5 + down)


def paint(drive: Driver, tool: str, right: float = 0.1) -> None:
    """A short stroke from the middle of the scene to the right."""
    drive.explorer.do("brush", tool)
    drive.drag(middle(drive, 0, 0.15), middle(drive, right, 0.15))
    done(drive)


def done(drive: Driver) -> None:
    drive.until(
        lambda: not (drive.explorer.services.strokes.busy or drive.explorer.state.brush.painting), "the stroke is done"
    )
    drive.frames(2)


def chord(drive: Driver, letter: str) -> None:
    drive.press("left_ctrl")
    drive.tap(letter)
    drive.release("left_ctrl")
    drive.until(lambda: not drive.explorer.services.strokes.busy, "it is taken back or done again")
    drive.frames(2)


def test_a_stroke_erases_and_undo_brings_the_paint_back_bit_for_bit(painted: Driver) -> None:
    before = world(painted)
    paint(painted, "erase")
    erased = world(painted)
    assert 20 < texels(painted) < sum(int((p["state"][..., STEPS] > 0).sum()) for p in before.pages.values())
    assert len(painted.explorer.state.strokes) == 1 and not painted.explorer.state.looking
    chord(painted, "z")
    assert same(world(painted), before) and painted.explorer.state.strokes == ()
    chord(painted, "y")
    assert same(world(painted), erased)
    chord(painted, "z")
    assert same(world(painted), before) and not painted.errors()


def test_what_is_frozen_is_neither_erased_nor_dreamed_over_until_it_is_thawed(painted: Driver) -> None:
    explorer = painted.explorer
    paint(painted, "freeze")
    held, everything, before = texels(painted, FROZEN), texels(painted), world(painted)
    assert held > 5
    explorer.do("dream")  # erases the view (a dream sees a little more), and dreams it anew
    done(painted)
    assert held <= texels(painted) < 0.7 * everything
    explorer.state.session = replace(explorer.state.session, dream=replace(explorer.state.session.dream, seed=7))
    painted.worker.held = False
    painted.until(lambda: explorer.status == "this view is finished", "the rest is dreamed anew")
    for number, page in world(painted).pages.items():
        mine = page["state"][..., FROZEN] > 0
        assert (page["latents"][:, mine] == before.pages[number]["latents"][:, mine]).all()
        assert mine.sum() == (before.pages[number]["state"][..., FROZEN] > 0).sum()
    painted.worker.held = True
    paint(painted, "thaw")
    assert texels(painted, FROZEN) == 0
    chord(painted, "z")
    assert texels(painted, FROZEN) == held and not painted.errors()


def test_by_view_by_material_and_everything(painted: Driver) -> None:
    explorer, before = painted.explorer, world(painted)
    everything = texels(painted)
    explorer.do("freeze_material", 0)
    done(painted)
    grass = texels(painted, FROZEN)
    assert 0 < grass < everything
    explorer.do("erase_view")
    done(painted)
    assert grass <= texels(painted) < 0.6 * everything
    explorer.do("thaw_view")
    done(painted)
    assert texels(painted, FROZEN) < 0.2 * grass  # a dream sees a little more than the view
    explorer.do("erase")
    done(painted)
    assert texels(painted) == 0 and len(explorer.state.strokes) == 4
    for _ in range(4):
        chord(painted, "z")
    assert same(world(painted), before) and not painted.errors()


def test_strokes_and_edits_of_the_scene_are_undone_in_turn(painted: Driver) -> None:
    explorer, before = painted.explorer, texels(painted)
    paint(painted, "erase")
    after = texels(painted)
    explorer.do("edit_scene", lambda s: edit_map.paint_stroke(s, (6, 1), (6, 1), 1, 3))
    painted.frames(2)
    painted.until(lambda: explorer.services.rebuild.shown is explorer.state.scene, "the pillar is built", 2000)
    paint(painted, "erase", 0.05)
    for _ in range(3):
        explorer.do("undo")
        painted.frames(1)
    painted.until(
        lambda: explorer.services.rebuild.shown is explorer.state.scene and not explorer.services.strokes.busy,
        "undone",
        2000,
    )
    painted.frames(5)
    assert explorer.state.strokes == () and explorer.services.strokes._shown == ()
    assert after < texels(painted) <= before
    assert not painted.errors()


@pytest.mark.parametrize(
    ("action", "gone"), ((("erase",), True), (("erase_material", 2), True), (("erase_material", 0), False))
)
def test_what_is_erased_comes_back_by_no_other_way_than_undoing_it(painted: Driver, action: tuple, gone: bool) -> None:
    """Also the paint of a pillar that isn't there just now: building it again must not bring it."""
    explorer, before = painted.explorer, world(painted)

    def build(value: int) -> None:
        explorer.do("edit_scene", lambda s: edit_map.paint_stroke(s, (3, 3), (3, 3), 1, value))
        follow()

    def follow() -> None:
        painted.frames(2)
        painted.until(
            lambda: explorer.services.rebuild.shown is explorer.state.scene and not explorer.services.strokes.busy,
            "built",
            2000,
        )
        painted.frames(5)

    def on_pillar() -> int:
        charts, pages = explorer.state.open_scene.plan.charts, world(painted).pages.items()
        return sum(int((page["state"][..., STEPS] > 0)[materials(charts, n) == 2].sum()) for n, page in pages)

    once = on_pillar()
    build(0)
    kept = explorer.services.rebuild.stash.bytes
    assert once > 0 and kept > 0 and on_pillar() == 0
    explorer.do(*action)
    follow()
    build(3)
    assert on_pillar() == (0 if gone else once)
    explorer.do("undo")
    follow()
    assert explorer.services.rebuild.stash.bytes == (0 if gone else kept)
    explorer.do("undo")
    follow()
    assert explorer.services.rebuild.stash.bytes == kept
    explorer.do("redo")
    follow()
    assert explorer.services.rebuild.stash.bytes == (0 if gone else kept)
    for _ in range(2):
        explorer.do("undo")
        follow()
    assert same(world(painted), before) and not painted.errors()


@pytest.mark.parametrize("action", ("freeze_view", "erase_view", "erase", "cancel", "pause", "autopilot"))
def test_no_action_lays_at_once_what_is_being_laid_piece_by_piece(drive: Driver, action: str) -> None:
    explorer, painter = drive.explorer, drive.explorer.state.open_scene.painter
    laid, note = [], painter.client._note_laid
    painter.client._note_laid = lambda *what: (note(*what), laid.append(painter.volume.snapshot()))
    painter.client.tasks.budget = 1e-4  # a piece a frame
    drive.until(lambda: painter.client.laying, "a dream is being laid")
    explorer.do(action)
    drive.frames(1)
    assert painter.client.laying and painter.volume.revision == 0 and not laid
    drive.worker.held = True
    drive.until(
        lambda: laid and not explorer.services.strokes.busy,
        "the dream is laid, and then what was asked for is done",
        4000,
    )
    changed = sum(
        (p["state"][..., FROZEN if action == "freeze_view" else STEPS] > 0).sum() for p in world(drive).pages.values()
    )
    painted_texels = sum((p["state"][..., STEPS] > 0).sum() for p in laid[0].pages.values())
    expected = {"freeze_view": lambda: changed > 0.5 * painted_texels, "erase": lambda: changed == 0}
    expected |= dict.fromkeys(("erase_view", "dream"), lambda: changed < 0.5 * painted_texels)
    assert expected.get(action, lambda: changed == painted_texels)()
    if explorer.state.strokes:
        chord(drive, "z")
    assert same(world(drive), laid[0]) and not drive.errors()


def test_what_is_being_laid_is_dropped_with_its_scene(drive: Driver) -> None:
    explorer, left = drive.explorer, weakref.ref(drive.explorer.state.open_scene.painter)
    left().client.tasks.budget = 1e-4  # a piece a frame
    drive.until(lambda: left().client.laying, "a dream is being laid")
    dreams = left().client.dreams
    gc.disable()
    try:
        show_scene(explorer.context, explorer.state.scene)
        drive.frames(3)
        assert left() is None  # what a large scene takes comes back without waiting for the collector
    finally:
        gc.enable()
    drive.until(
        lambda: explorer.state.open_scene is not None and explorer.state.open_scene.painter.client.dreams > dreams,
        "it is open, and painted",
    )
    assert not drive.errors()


def test_the_wheel_and_the_brackets_change_its_size_and_escape_lays_it_down(painted: Driver) -> None:
    explorer = painted.explorer
    painted.tap("b")
    assert explorer.state.brush.tool == "freeze"
    painted.mouse(*middle(painted))
    painted.frames(2)
    size, speed = explorer.state.brush.radius, explorer.state.session.view.speed
    explorer.controls.wheel(0, 2)
    painted.tap("right_bracket")
    assert (
        explorer.state.brush.radius == pytest.approx(size * 1.15**2 * 1.25)
        and explorer.state.session.view.speed == speed
    )
    painted.tap("left_bracket")
    assert explorer.state.brush.radius == pytest.approx(size * 1.15**2)
    painted.tap("escape")
    assert explorer.state.brush.tool == "" and not explorer.state.overlays.question


def test_on_a_fine_screen_the_brush_is_as_large_as_all_else(painted: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    reached = []
    for scale in (1.0, 2.0):
        monkeypatch.setattr(type(painted.window), "scale", property(lambda _, scale=scale: scale))
        painted.frames(3)
        painted.explorer.do("brush", "mask")
        at = middle(painted)
        painted.drag(at, at)
        marks = painted.explorer.state.brush.mask.of(painted.explorer.state.camera)
        reached.append((marks > 0).sum())
        painted.explorer.do("clear_marks")
    assert reached[1] == pytest.approx(4 * reached[0], rel=0.1) and not painted.errors()


def test_frozen_texels_and_the_circle_are_shown_while_the_brush_is_in_the_hand(painted: Driver) -> None:
    plain = painted.pixels()
    painted.explorer.do("freeze_view")
    done(painted)
    painted.mouse(*middle(painted))
    painted.explorer.state.overlays.toasts.clear()
    painted.frames(2)
    x, y, width, height = (int(n) for n in painted.explorer.shell.scene_box)
    inner = np.s_[y + 60 : y + height - 60, x + 20 : x + width - 20]
    assert np.abs(painted.pixels()[inner].astype(int) - plain[inner]).mean() < 1
    painted.explorer.do("brush", "thaw")
    painted.frames(3)
    assert np.abs(painted.pixels()[inner].astype(int) - plain[inner]).mean() > 8


def test_what_is_frozen_is_frozen_in_a_saved_world_too_and_a_loaded_one_forgets_strokes(painted: Driver) -> None:
    explorer = painted.explorer
    paint(painted, "freeze")
    before, held = world(painted), texels(painted, FROZEN)
    explorer.do("save_world")
    painted.until(
        lambda: explorer.services.worlds.file.exists() and not explorer.services.io.busy, "the world is written", 2000
    )
    explorer.do("erase")
    done(painted)
    assert texels(painted) == 0
    explorer.do("load_world")
    painted.until(lambda: texels(painted, FROZEN) == held, "the world is back", 2000)
    painted.until(lambda: not explorer.services.worlds.loading, "all of it", 2000)
    assert same(world(painted), before)
    explorer.do("undo")
    painted.frames(5)
    assert same(world(painted), before)  # the erase was of the world before this one
