"""Exporting the world from the window: what is written and said, and that no frame waits for it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trimesh

from app.services import world_export
from base.errors import InputError
from engine.export.glb import write_glb
from engine.export.source import Source, open_source

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


@pytest.fixture
def painted(drive: Driver) -> Driver:
    drive.until(lambda: drive.explorer.status == "this view is finished", "the view gets painted")
    return drive


def export(drive: Driver, out: Path) -> None:
    """Export, until the end is told."""
    drive.explorer.do("write_export", out)
    drive.until(lambda: said(drive, f"World exported: {out}"), "it is exported", 3000)


def said(drive: Driver, words: str) -> bool:
    return any(words in entry.text for entry in drive.explorer.state.log.entries)


def test_all_that_is_painted_is_saved_and_exported(painted: Driver, tmp_path: Path) -> None:
    out, world = tmp_path / "yard.glb", painted.explorer.services.worlds.file
    assert not world.exists()
    export(painted, out)
    assert {"grass", "wall", "sky"} <= set(trimesh.load_scene(out).graph.nodes_geometry)
    source = open_source(world, painted.explorer.state.scene, lambda what, share: None)
    assert len(source.paint.colours)
    write_glb(source, tmp_path / "by_hand.glb", "png", lambda what, share: None)
    assert out.read_bytes() == (tmp_path / "by_hand.glb").read_bytes()
    assert not painted.errors()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Exports wait in the middle until it is set."""
    event = threading.Event()

    def slow(source: Source, path: Path, textures: str, advance) -> None:
        advance("textures", 0.5)
        assert event.wait(20)
        write_glb(source, path, textures, advance)

    monkeypatch.setattr(world_export, "write_glb", slow)
    return event


def test_frames_go_on_and_show_how_far_it_is(painted: Driver, gate: threading.Event, tmp_path: Path) -> None:
    explorer = painted.explorer
    explorer.do("write_export", tmp_path / "a.glb")
    painted.until(lambda: explorer.status.endswith(" · exporting the world: textures 50%"), "it is on its way")
    explorer.do("write_export", tmp_path / "b.glb")
    painted.until(lambda: said(painted, "Another export is running"), "a second one is refused")
    gate.set()
    painted.until(lambda: said(painted, "World exported"), "it is exported")
    assert explorer.status == "this view is finished" and not painted.errors()
    assert [path.name for path in tmp_path.glob("*.glb")] == ["a.glb"]


def test_the_user_stops_it_and_no_file_is_left(painted: Driver, gate: threading.Event, tmp_path: Path) -> None:
    explorer = painted.explorer
    explorer.do("stop_export")
    assert said(painted, "No export is running")
    (tmp_path / "out").mkdir()
    explorer.do("write_export", tmp_path / "out" / "a.glb")
    painted.until(lambda: "50%" in explorer.services.export.status_text, "it is on its way")
    explorer.do("stop_export")
    gate.set()
    painted.until(lambda: not explorer.services.export.busy, "it ends")
    assert said(painted, "Export stopped") and not said(painted, "World exported") and not painted.errors()
    assert not list((tmp_path / "out").iterdir())
    export(painted, tmp_path / "b.glb")
    told = trimesh.load_scene(tmp_path / "b.glb").metadata
    assert told["settings"]["dream"]["steps"] == explorer.state.session.dream.steps


def test_the_end_of_the_program_stops_it(painted: Driver, gate: threading.Event, tmp_path: Path) -> None:
    export = painted.explorer.services.export
    (tmp_path / "out").mkdir()
    painted.explorer.do("write_export", tmp_path / "out" / "a.glb")
    painted.until(lambda: "50%" in export.status_text, "it is on its way")
    threading.Timer(0.2, gate.set).start()
    export.close()
    assert not list((tmp_path / "out").iterdir())
    with pytest.raises(world_export.Stopped):
        export.update()


def test_an_unwritable_place_is_reported_before_anything_is_saved(painted: Driver, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    painted.explorer.do("write_export", tmp_path / "file" / "a.glb")
    painted.until(lambda: bool(painted.errors()), "it is refused")
    assert len(painted.errors()) == 1 and "can't be written" in painted.errors()[0]
    assert not painted.explorer.services.worlds.file.exists()


def test_a_failure_is_one_sentence_and_the_next_export_works(
    painted: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Source, path: Path, textures: str, advance) -> None:
        raise InputError(path, "", "can't be written (No space left on device)")

    monkeypatch.setattr(world_export, "write_glb", full)
    painted.explorer.do("write_export", tmp_path / "a.glb")
    painted.until(lambda: bool(painted.errors()), "it fails")
    assert painted.errors() == [f"{tmp_path / 'a.glb'} can't be written (No space left on device)."]
    monkeypatch.undo()
    export(painted, tmp_path / "a.glb")
