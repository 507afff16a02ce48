"""Two models compared on one view in a real window: the second one is there for as long as that takes, or goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from app.panels.beside import what_differs
from app.session import ModelChoice
from app.state.inspection import lookable

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


@pytest.fixture
def two(drive: Driver) -> Driver:
    """The first view is painted; "near" has the same latents as the loaded model, "far" others."""
    drive.worker.spaces |= {"near": ("quick", 4), "far": ("far", 16)}
    drive.until(lambda: drive.explorer.status == "this view is finished", "the view gets painted")
    return drive


def compare(drive: Driver, ref: str) -> None:
    state = drive.explorer.state
    drive.explorer.do("compare_models", ModelChoice(ref))
    drive.until(lambda: state.comparison is not None and state.comparison.done, "both dream the view")
    drive.frames(2)


def keep_other(drive: Driver, ref: str) -> None:
    drive.explorer.do("keep_compared", 1)
    drive.until(lambda: drive.explorer.state.session.model.ref == ref, "the other one is the window's model")
    drive.until(lambda: drive.explorer.status == "this view is finished", "it goes on", 2000)


@pytest.mark.parametrize("ref", ["near", "far"])
def test_both_dream_one_canvas_and_are_stepped_through(two: Driver, ref: str) -> None:
    explorer, state = two.explorer, two.explorer.state
    overlay = explorer.shell.overlay_panels.compare
    revision = state.open_scene.volume.revision
    compare(two, ref)
    one, other = state.comparison.sides
    assert (one.label, other.label) == ("embedded", ref) and one.gathered.size == other.gathered.size
    assert not other.gathered.latents.any() and explorer.status == "two models side by side: choose one"
    explorer.do("step_through")
    two.until(lambda: overlay.parting.found is not None, "their steps are compared")
    assert overlay.parting.found.step is None  # this worker's pictures are of the prompts alone
    overlay.step = len(overlay.parting.found.coarse)
    two.frames(2)
    records = {record.id: record for record in state.timeline.records}
    first, second = records[one.id], records[other.id]
    assert what_differs(first, second) == f"model: embedded → {ref}"
    assert lookable(first) and not lookable(second)  # whose network will not be there
    assert two.worker.beside is not None
    explorer.do("stop_comparing")
    two.until(lambda: two.worker.beside is None, "the other model is freed")
    assert state.session.model == ModelChoice() and state.open_scene.volume.revision == revision
    assert not two.errors()


def test_the_one_that_is_kept_paints_the_view_and_goes_on(two: Driver) -> None:
    state, revision = two.explorer.state, two.explorer.state.open_scene.volume.revision
    compare(two, "near")
    keep_other(two, "near")
    assert state.open_scene.volume.revision == revision + 1 and len(state.strokes) == 1  # nothing was painted anew
    assert not two.errors()


def test_with_other_latents_the_surfaces_are_painted_anew(two: Driver) -> None:
    state = two.explorer.state
    compare(two, "far")
    keep_other(two, "far")
    assert state.open_scene.volume.channels == 16 and state.comparison is None and not state.strokes
    assert not two.errors()


def test_one_that_cannot_be_loaded_changes_nothing(two: Driver) -> None:
    two.explorer.do("compare_models", ModelChoice("broken"))
    two.until(lambda: two.explorer.state.loading is None, "it fails")
    two.frames(3)
    assert two.explorer.state.comparison is None
    assert two.errors() == ["broken can't be loaded; quick stays: broken is damaged."]
