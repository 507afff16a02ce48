"""Four variations of a view or a material: all are shown, a click keeps one, and undo takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.panels.variations import cell_box
from engine.atlas.page import STEPS

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


@pytest.fixture
def finished(drive: Driver) -> Driver:
    drive.until(lambda: drive.explorer.status == "this view is finished", "the view is painted")
    return drive


def pages(drive: Driver) -> dict[int, bytes]:
    world = drive.explorer.state.open_scene.volume.snapshot()
    return {n: b"".join(page[k].tobytes() for k in sorted(page)) for n, page in world.pages.items()}


def vary(drive: Driver, *details: object) -> None:
    state = drive.explorer.state
    drive.explorer.do("variations", *details)
    drive.until(lambda: state.comparison is not None, "the view is looked at")
    drive.until(lambda: state.comparison.done, "all four are dreamed")
    drive.frames(3)


def test_four_seeds_are_dreamed_and_a_click_keeps_one_until_undo(finished: Driver) -> None:
    explorer, before = finished.explorer, pages(finished)
    session, seed = explorer.state.session, explorer.state.session.dream.seed
    vary(finished)
    sides = explorer.state.comparison.sides
    assert [side.settings.seed for side in sides] == [seed + 1, seed + 2, seed + 3, seed + 4]
    latents = [side.dreamed.latents for side in sides]
    assert all(not np.array_equal(latents[0], other) for other in latents[1:])  # noise of their own
    assert pages(finished) == before and explorer.status == "four variations: choose one"
    x, y, width, height = cell_box(explorer.shell.scene_box, 3, 1.0)
    place = x + width / 2, y + height / 3
    finished.mouse(*place)
    finished.frames(3)
    finished.drag(place, place)
    finished.until(lambda: explorer.state.comparison is None and not explorer.services.strokes.busy, "it is laid")
    finished.frames(3)
    assert pages(finished) != before and explorer.state.session == session  # the seed stays
    explorer.do("undo")
    finished.until(lambda: pages(finished) == before, "it is taken back")
    assert not finished.errors()


def test_a_materials_variation_changes_that_material_alone(finished: Driver) -> None:
    explorer = finished.explorer
    volume = explorer.state.open_scene.volume
    before = volume.snapshot().pages
    vary(finished, 1)
    explorer.do("keep_compared", 0)
    finished.until(lambda: not explorer.services.strokes.busy, "it is laid")
    finished.worker.held = True
    finished.frames(3)
    changed = set()
    from app.loop.paint_survey import materials

    for number, page in volume.snapshot().pages.items():
        differs = np.any(page["latents"] != before[number]["latents"], axis=0)
        painted = before[number]["state"][..., STEPS] > 0
        changed |= set(np.unique(materials(volume.charts, number)[differs & painted]).tolist())
    assert changed == {1} and not finished.errors()


def test_other_four_follow_and_esc_changes_nothing(finished: Driver) -> None:
    explorer, before = finished.explorer, pages(finished)
    seed = explorer.state.session.dream.seed
    finished.tap("n")
    finished.until(lambda: explorer.state.comparison is not None, "it begins")
    explorer.do("vary_again")
    finished.until(
        lambda: explorer.state.comparison is not None and explorer.state.comparison.first == 5, "others begin"
    )
    finished.until(lambda: explorer.state.comparison.done, "they are dreamed")
    assert [side.settings.seed for side in explorer.state.comparison.sides] == [seed + n for n in (5, 6, 7, 8)]
    finished.tap("escape")
    finished.frames(5)
    assert explorer.state.comparison is None and pages(finished) == before and not finished.errors()


def test_settings_that_cannot_vary_are_named(finished: Driver) -> None:
    explorer = finished.explorer
    explorer.do("variations", -1)
    assert explorer.state.comparison is None
    assert "sky" in explorer.state.log.entries[-1].text
