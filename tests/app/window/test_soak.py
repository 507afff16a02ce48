"""A seeded monkey at the real window: whatever it presses, drags, drops, edits and resizes, nothing fails and GL has no complaint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.bench.soak.bag import packed
from app.bench.soak.gestures import GESTURES
from app.bench.soak.monkey import Monkey
from app.bench.soak.soak import Soak
from scenes.edit import regenerate_paths
from scenes.extrude import extrude_scene

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver

COUNT = 70
BUSY = {name: (share, gesture) for name, (share, gesture) in GESTURES.items() if name != "rest"}
DEEDS = {"painted", "edited", "stroked", "undone", "walked", "looked", "opened", "resized", "set", "told"}


@pytest.mark.timeout(600)  # a busy machine; nothing here measures time
def test_soak(drive: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # what a monkey saves is nobody's
    scene = replace(drive.explorer.state.scene, generated=frozenset(("orbit", "walk")))
    bag = packed(tmp_path / "bag", regenerate_paths(scene, extrude_scene(scene)))
    soak = Soak(drive.window, drive.explorer, Monkey(1, BUSY), drive.frames, bag)
    for _ in range(COUNT):
        soak.gesture()
    assert not soak.failures, soak.failures[0]
    assert not soak.gl_errors
    assert set(soak.deeds) >= DEEDS, "a monkey that touches nothing proves nothing"
    figures = soak.figures
    assert figures["frames"] > figures["events"] > COUNT and figures["dreaming_frames"] > 0
    assert figures["resident_mb"] > 100 and figures["rest_mb"] <= figures["resident_mb"]
    account = soak.accounts[-1]
    assert account.scene > drive.explorer.state.open_scene.plan.blocks.solid.nbytes and account.rest < account.resident
