"""Scenes are made ready one after the other, and what nobody waits for any more isn't finished."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

import app.loop.open_scene
from app.loop.open_scene import Planner
from engine.geometry.charts import build_charts
from scenes.extrude import Blocks, extrude_scene
from scenes.load import load_scene
from scenes.scene import Scene


def test_only_the_latest_plan_is_finished_and_none_beside_another(
    tiny_scene: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene, charted = load_scene(tiny_scene), []
    begun, go_on = threading.Event(), threading.Event()

    def slow(scene: Scene) -> Blocks:
        begun.set()
        assert go_on.wait(20)
        return extrude_scene(scene)

    monkeypatch.setattr(app.loop.open_scene, "extrude_scene", slow)
    monkeypatch.setattr(app.loop.open_scene, "build_charts", lambda *a: charted.append(1) or build_charts(*a))
    planner = Planner()
    first = planner.plan(scene)
    assert begun.wait(20)
    begun.clear()
    second, third = planner.plan(scene), planner.plan(scene)
    assert not begun.is_set(), "one at a time"
    go_on.set()
    assert third.result(20).scene is scene
    assert isinstance(first.exception(20), CancelledError) and isinstance(second.exception(20), CancelledError)
    assert len(charted) == 1
    planner.close()


def test_closing_ends_what_is_being_planned(tiny_scene: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planner, begun = Planner(), threading.Event()

    def endless(scene: Scene) -> Blocks:
        begun.set()
        while planner._wanted is not None:
            pass
        return extrude_scene(scene)

    monkeypatch.setattr(app.loop.open_scene, "extrude_scene", endless)
    future = planner.plan(load_scene(tiny_scene))
    assert begun.wait(20)
    planner.close()
    assert isinstance(future.exception(0), CancelledError)
