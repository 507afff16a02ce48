"""A seeded random user at the real window: whatever it presses, drags, drops, edits and resizes, nothing fails, nor does GL."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.bench.soak.gestures import GESTURES
from app.bench.soak.random_user import RandomUser
from app.bench.soak.sample_files import write_sample_files
from app.bench.soak.soak import Soak
from scenes.edit import regenerate_paths
from scenes.extrude import extrude_scene

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver

COUNT = 120
BUSY = {name: (share, gesture) for name, (share, gesture) in GESTURES.items() if name != "rest"}
CHANGES = {"painted", "edited", "stroked", "undone", "walked", "turned", "opened", "resized", "set", "logged"}


@pytest.mark.timeout(600)  # a busy machine; nothing here measures time
def test_soak(drive: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # so that what it saves touches nobody's files
    scene = replace(drive.explorer.state.scene, generated=frozenset(("orbit", "walk")))
    files = write_sample_files(tmp_path / "files", regenerate_paths(scene, extrude_scene(scene)))
    soak = Soak(drive.window, drive.explorer, RandomUser(1, BUSY), drive.frames, files)
    for _ in range(COUNT):
        soak.gesture()
    soak.measure_calm()
    assert not soak.failures, soak.failures[0]
    assert not soak.gl_errors
    assert set(soak.changes) >= CHANGES, "a run that changes nothing proves nothing"
    figures = soak.figures
    assert figures["frames"] > figures["events"] > COUNT and figures["dreaming_frames"] > 0
    assert figures["resident_mb"] > 100 and figures["rest_mb"] <= figures["resident_mb"]
    account = soak.memory_samples[-1]
    assert account.calm and not account.doing.startswith("dreaming")
    assert account.scene > drive.explorer.state.open_scene.plan.blocks.solid.nbytes and account.rest < account.resident
