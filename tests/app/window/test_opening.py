"""What the program does before its window is there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.session import Session
from app.state.platform import Folders
from base.errors import InputError
from tests.app.window.conftest import QuickWorker


def test_the_worker_begins_first_and_is_closed_if_no_window_can_be_opened(
    scene, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.explorer import window

    workers: list[QuickWorker] = []

    def open_worker(*_: object) -> QuickWorker:
        workers.append(QuickWorker())
        return workers[-1]

    def open_window(*_: object) -> None:
        assert workers and not workers[0].closed
        raise InputError(window.NAME, "", "can't be opened")

    monkeypatch.setattr(window, "open_worker", open_worker)
    monkeypatch.setattr(window, "Window", open_window)
    with pytest.raises(InputError, match="can't be opened"):
        window.run(Session(), scene, Folders(tmp_path / "config", tmp_path / "pictures", tmp_path / "data"))
    assert workers[0].closed


def test_the_window_waits_for_neither_torch_nor_ffmpeg() -> None:
    code = "import sys, app.explorer.window; print([name for name in ('torch', 'av') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
