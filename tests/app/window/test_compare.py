"""Two settings compared in a real window: both are shown, one is kept, the other leaves no trace."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.panels.sampler import difference
from diffusion.settings import DreamSettings

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


@pytest.fixture
def finished(drive: Driver) -> Driver:
    """The first view is painted, and dreams of other steps differ from it."""
    drive.until(lambda: drive.explorer.status == "this view is finished", "the view gets painted")
    return drive


def pages(drive: Driver) -> dict[int, bytes]:
    world = drive.explorer.state.open_scene.volume.snapshot()
    return {n: b"".join(page[k].tobytes() for k in sorted(page)) for n, page in world.pages.items()}


def compare(drive: Driver, **changes: object) -> DreamSettings:
    other = replace(drive.explorer.state.session.dream, **changes)
    drive.explorer.do("compare", "other", other)
    begun(drive)
    drive.until(lambda: drive.explorer.state.comparison.done, "both are dreamed")
    drive.frames(3)
    return other


def begun(drive: Driver) -> None:
    drive.until(lambda: drive.explorer.state.comparison is not None, "what there is to be seen is looked at")


def test_neither_leaves_everything_as_it_was(finished: Driver) -> None:
    explorer, before = finished.explorer, pages(finished)
    session, dreams = explorer.state.session, finished.worker.submitted
    compare(finished, steps=5)
    assert finished.worker.submitted == dreams + 2
    assert pages(finished) == before
    finished.tap("escape")
    assert explorer.state.comparison is None and not explorer.state.overlays.question
    finished.frames(30)
    assert pages(finished) == before
    assert explorer.state.session == session
    assert finished.worker.submitted == dreams + 2  # the view is still finished
    assert not finished.errors()


def test_the_kept_side_is_painted_and_its_settings_go_on_until_undo(finished: Driver) -> None:
    explorer, before = finished.explorer, pages(finished)
    settings = explorer.state.session.dream
    other = compare(finished, steps=5)
    explorer.do("keep_compared", 1)
    finished.until(lambda: not explorer.services.strokes.busy, "it is laid onto the surfaces")
    finished.frames(2)
    assert explorer.state.session.dream == other
    steps = [page["state"][..., 0] for page in explorer.state.open_scene.volume.snapshot().pages.values()]
    assert any((s == 5).any() for s in steps)
    assert explorer.state.comparison is None
    explorer.do("pause")
    for _ in range(3):
        explorer.do("undo")
        finished.frames(3)
        finished.until(lambda: not explorer.services.strokes.busy, "it is taken back")
    assert explorer.state.session.dream == settings
    assert pages(finished) == before
    assert not finished.errors()


def test_the_line_between_them_follows_the_mouse(finished: Driver) -> None:
    explorer = finished.explorer
    compare(finished, steps=5)
    for side, shade in zip(explorer.state.comparison.sides, (0, 255), strict=True):
        side.dreamed = replace(side.dreamed, image=np.full_like(side.dreamed.image, shade))
    x, y, width, height = explorer.shell.scene_box
    row, shares = int(y + height * 0.3), []
    for place in (0.5, 0.2, 0.9):
        finished.drag((x + width * explorer.shell.overlay_panels.compare.place, row), (x + width * place, row))
        line = finished.pixels()[row + 20, int(x) : int(x + width)].mean(axis=1)
        shares.append((line < 60).mean())
    np.testing.assert_allclose(shares, (0.5, 0.2, 0.9), atol=0.03)
    assert not explorer.state.looking and explorer.state.walker.still


def test_a_side_is_shown_where_it_will_lie(finished: Driver) -> None:
    explorer = finished.explorer
    compare(finished, seed=3)
    explorer.shell.overlay_panels.compare.place = 0.0
    finished.frames(2)
    x, y, width, height = (int(v) for v in explorer.shell.scene_box)
    box = np.s_[y + 40 : y + height - 80, x + 20 : x + width - 20]  # without labels and buttons
    shown = finished.pixels()[box].astype(int)
    explorer.do("keep_compared", 1)
    explorer.do("pause")
    finished.until(lambda: not explorer.services.strokes.busy, "it is laid onto the surfaces")
    finished.until(
        lambda: explorer.services.viewport.is_settled(explorer.state.open_scene.volume.revision), "it is drawn"
    )
    explorer.state.overlays.toasts.clear()
    finished.frames(2)
    differs = np.abs(finished.pixels()[box] - shown).max(axis=2) > 40
    assert differs.mean() < 0.15  # borders of the latents' large pixels
    assert shown.std() > 20


def test_what_is_frozen_is_the_same_on_both_sides_and_stays(finished: Driver) -> None:
    explorer = finished.explorer
    explorer.do("pause")
    explorer.do("freeze_material", 0)
    finished.until(lambda: explorer.state.strokes and not explorer.services.strokes.busy, "the meadow is frozen")
    before = pages(finished)
    other = replace(explorer.state.session.dream, steps=5)
    explorer.do("compare", "other", other)
    begun(finished)
    canvas = finished.worker.request.canvas
    frozen = explorer.state.comparison.sides[0].gathered.frozen
    assert frozen.any() and not frozen.all()
    assert ((canvas.change == 0) == frozen).all() and (canvas.guide.known_mask == frozen).all()
    finished.until(lambda: explorer.state.comparison.done, "both are dreamed")
    for side in explorer.state.comparison.sides:
        mine = side.gathered.frozen.repeat(8, 0).repeat(8, 1) & (side.gathered.colours[..., 3] == 255)
        assert mine.any() and (side.dreamed.image[mine] == side.gathered.colours[..., :3][mine]).all()
    explorer.do("stop_comparing")
    assert pages(finished) == before and not finished.errors()


def test_the_camera_stays_and_an_edit_ends_the_comparison(finished: Driver) -> None:
    explorer, place = finished.explorer, finished.explorer.state.camera
    compare(finished, steps=5)
    finished.press("w")
    finished.frames(10)
    finished.release("w")
    assert explorer.state.camera == place
    explorer.do("erase")
    finished.until(lambda: explorer.state.comparison is None, "the comparison ends")
    assert any("Comparison cancelled" in entry.text for entry in explorer.state.log.entries)


def test_a_failing_dream_ends_it_with_the_reason(finished: Driver) -> None:
    finished.worker.problem = "out of luck"
    finished.explorer.do("compare", "other", replace(finished.explorer.state.session.dream, steps=5))
    begun(finished)
    finished.until(lambda: finished.explorer.state.comparison is None, "the comparison ends")
    assert any("Comparison cancelled: out of luck" in entry.text for entry in finished.explorer.state.log.entries)


def test_the_same_settings_are_not_compared(finished: Driver) -> None:
    finished.explorer.do("compare", "same", finished.explorer.state.session.dream)
    finished.frames(10)
    assert finished.explorer.state.comparison is None


def test_a_difference_names_what_changes() -> None:
    one = DreamSettings()
    assert difference(one, replace(one, steps=5, cfg_rescale=0.5)) == "steps: 8 → 5\ncfg rescale: 0.0 → 0.5"
    assert difference(one, one) == "No difference."


def test_a_click_on_a_panel_never_takes_the_mouse(finished: Driver) -> None:
    """Also when it comes within the frame in which the pointer arrives: what lies there is known to ImGui only afterwards."""
    explorer = finished.explorer
    x, y, width, height = explorer.shell.scene_box

    def click(place: tuple[float, float]) -> str:
        finished.mouse(x + 30, y + 30)
        finished.frames(3)
        finished.mouse(*place)
        at = int(place[0]), int(finished.window.size[1] - place[1])
        finished.window.native.dispatch_event("on_mouse_press", *at, 1, 0)
        finished.frames(1)
        looking = explorer.state.looking
        finished.window.native.dispatch_event("on_mouse_release", *at, 1, 0)
        finished.frames(2)
        explorer.context.release_mouse()
        return looking

    assert click((x + width + 20, y + height - 3)) == ""
    assert click((x + width / 2, y + height / 2)) == "left"
    explorer.do("compare")
    begun(finished)
    assert click((x + width / 2, y + height / 2)) == ""
