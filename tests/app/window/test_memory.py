"""What was left is given back at once: nothing that is large waits for Python's garbage collector."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from app.actions.open_scene import show_scene
from app.bench.soak.memory_use import measure_memory
from scenes import edit_map
from scenes.blank import make_blank_scene
from scenes.edit import regenerate_paths
from scenes.extrude import extrude_scene
from scenes.tours import make_orbit

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def large(drive: Driver) -> dict[str, weakref.ref[Any]]:
    """References to what takes memory in an open scene."""
    open_scene = drive.explorer.state.open_scene
    things = {
        "open scene": open_scene,
        "volume": open_scene.volume,
        "renderer": open_scene.renderer,
        "painter": open_scene.painter,
        "plan": open_scene.plan,
        "charts": open_scene.plan.charts,
        "atlas": open_scene.volume.atlas,
        "mesh": open_scene.volume.mesh,
    }
    return {name: weakref.ref(thing) for name, thing in things.items()}


def painted(drive: Driver) -> None:
    drive.until(lambda: drive.explorer.state.open_scene.painter.client.dreams > 0, "something is painted")


def test_a_scene_that_was_left_is_gone_without_the_garbage_collector(drive: Driver, no_collector: None) -> None:
    painted(drive)
    drive.explorer.do("freeze_view")
    drive.frames(30)
    drive.explorer.do("undo")
    drive.frames(30)
    before = large(drive)
    scene = make_blank_scene(6, 6)
    show_scene(drive.explorer.context, regenerate_paths(scene, extrude_scene(scene)))
    drive.until(lambda: drive.explorer.state.open_scene is not None, "another scene opens")
    drive.frames(30)
    assert not [name for name, reference in before.items() if reference() is not None]


def too_high(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scenes.extrude.MAX_CELLS", 200)
    drive.explorer.do("edit_scene", lambda scene: edit_map.paint_stroke(scene, (6, 1), (6, 1), 1, 3))
    drive.until(lambda: any("layers" in error for error in drive.errors()), "it is refused")
    monkeypatch.undo()


def unwritable_film(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    drive.explorer.state.folders.pictures.write_text("no folder")
    drive.explorer.do(
        "film",
        next(iter(drive.explorer.state.scene.paths.values()), make_orbit(drive.explorer.state.open_scene.plan.blocks)),
        (64, 36),
        12.0,
    )
    drive.frames(20)
    drive.explorer.do("stop")
    drive.until(lambda: bool(drive.errors()), "it is told")


def broken_world(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    path = drive.explorer.state.folders.data / "broken.world"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"none")
    drive.explorer.do("open", path)
    drive.until(lambda: bool(drive.errors()), "it is told")


def failed_dream(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    drive.worker.problem = "no luck"
    drive.explorer.do("dream")
    drive.until(lambda: bool(drive.errors()), "it is told")
    drive.worker.problem = ""


def comparison(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    drive.explorer.do("compare")
    drive.frames(12)


def edit_under_way(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.scene_rebuild.BUDGET", 0.0)
    drive.explorer.do("edit_scene", lambda scene: edit_map.paint_stroke(scene, (6, 1), (6, 1), 1, 3))
    drive.until(lambda: drive.explorer.services.rebuild._work is not None, "paint is carried over")


def flight(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    drive.explorer.do("autopilot", 0.9, True)
    drive.frames(12)


def every_panel(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    for panel, _ in drive.explorer.shell.panels:
        drive.explorer.shell.bring_to_front(panel.title)
        drive.frames(12)


@pytest.mark.parametrize(
    "deed", [too_high, unwritable_film, broken_world, failed_dream, comparison, edit_under_way, flight, every_panel]
)
def test_nothing_that_goes_wrong_or_is_under_way_keeps_a_scene_that_is_left(
    drive: Driver, no_collector: None, monkeypatch: pytest.MonkeyPatch, deed: Callable[..., None]
) -> None:
    painted(drive)
    deed(drive, monkeypatch)
    before = large(drive)
    scene = make_blank_scene(6, 6)
    show_scene(drive.explorer.context, regenerate_paths(scene, extrude_scene(scene)))
    drive.until(lambda: drive.explorer.state.open_scene is not None, "another scene opens")
    drive.frames(30)
    assert not [name for name, reference in before.items() if reference() is not None]


def test_the_volume_that_is_made_ready_beside_the_shown_one_is_accounted_for(
    drive: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or an edit of the scene looks like a leak as large as all that is painted."""
    monkeypatch.setattr("app.services.scene_rebuild.BUDGET", 0.0)
    painted(drive)
    explorer = drive.explorer
    drive.until(lambda: not explorer.state.open_scene.painter.client.busy, "it is laid")
    explorer.do("pause")
    shown = explorer.state.open_scene.volume.atlas.bytes
    assert measure_memory(explorer, 0.0).volume == shown > 0
    most = 0
    explorer.do("edit_scene", lambda scene: edit_map.paint_stroke(scene, (6, 1), (6, 1), 1, 3))
    while explorer.services.rebuild.shown is not explorer.state.scene:
        drive.frames()
        if explorer.services.rebuild.busy:
            made = measure_memory(explorer, 0.0)
            assert made.building and made.doing.startswith("building courtyard: 8 × 8 blocks, up to 3 high")
        most = max(most, measure_memory(explorer, 0.0).volume)
    assert most > shown and not drive.errors()
    after = measure_memory(explorer, 0.0)
    assert after.volume == explorer.state.open_scene.volume.atlas.bytes and not after.building
