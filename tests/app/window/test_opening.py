"""What the program does before its window is there, and how many frames it draws then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.session import Session
from app.state.platform import Folders
from base.errors import InputError
from tests.app.window.conftest import QuickWorker


@pytest.mark.parametrize("error", [InputError("The window", "", "can't be opened"), KeyboardInterrupt()])
def test_the_worker_begins_first_and_is_closed_if_no_window_can_be_opened(
    error, scene, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.explorer import window

    workers: list[QuickWorker] = []

    def open_worker(*_: object) -> QuickWorker:
        workers.append(QuickWorker())
        return workers[-1]

    def open_window(*_: object) -> None:
        assert workers and not workers[0].closed
        raise error

    monkeypatch.setattr(window, "open_worker", open_worker)
    monkeypatch.setattr(window, "Window", open_window)
    with pytest.raises(type(error)) as raised:
        window.run(Session(), scene, Folders(tmp_path / "config", tmp_path / "pictures", tmp_path / "data"))
    assert raised.value is error and workers[0].closed


def test_the_window_waits_for_neither_torch_nor_ffmpeg() -> None:
    code = "import sys, app.explorer.window; print([name for name in ('torch', 'av') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize(
    "opening, waiting, untouched, rate",
    [(True, False, 0.0, 15), (False, True, 5.0, 10), (False, True, 0.5, 60), (False, False, 5.0, 60)],
)
def test_frames_leave_the_processor_to_a_dream_while_nobody_touches_anything(opening, waiting, untouched, rate) -> None:
    from app.explorer.window import choose_rate

    assert choose_rate(60, opening, waiting, untouched) == rate
    assert choose_rate(10, opening, waiting, untouched) == 10


def test_it_knows_when_frames_wait_and_when_somebody_touches_something(drive) -> None:
    drive.worker.held = True
    drive.until(lambda: drive.explorer.waiting, "a dream runs")
    drive.worker.held = False
    drive.until(lambda: not drive.explorer.waiting, "it is laid")
    window = drive.window
    window.pause(drive.explorer)
    for touch in (lambda: drive.mouse(20, 30), lambda: drive.tap("f1")):
        window._touched = -1e9
        touch()
        drive.frames()
        assert window._touched > 0
    window._touched = -1e9
    drive.explorer.state.walker = drive.explorer.state.walker.__class__.at(
        drive.explorer.state.camera.with_changes(position=(4.0, 3.0, 4.0))
    )
    window.pause(drive.explorer)
    assert window._touched > 0


def test_what_the_window_shows_already_is_not_drawn_again(drive) -> None:
    explorer = drive.explorer

    def draws() -> bool:
        drive.times[0] += 0.02
        explorer.frame(refresh=False)
        return explorer.changed

    painter = explorer.state.open_scene.painter
    drive.until(lambda: painter.status_text == "this view is finished", "the view gets painted")
    assert any(not draws() and explorer.waiting for _ in range(600)), "nothing changes any more"
    before = drive.pixels().copy()
    drive.frames()  # draws in any case
    assert explorer.changed and (drive.pixels() == before).all()
    assert draws() and not draws(), "the first frame after one that was not compared is drawn, too"
    explorer.state.notify("something new", "warning")
    assert draws(), "what is new is drawn"
    for _ in range(5):  # a new window of ImGui stays hidden until its size is known
        draws()
    assert not (drive.pixels() == before).all()


def test_a_touch_ends_the_wait_for_the_next_frame(drive, monkeypatch: pytest.MonkeyPatch) -> None:
    window, naps = drive.window, list[float]()
    drive.frames()
    window.pause(drive.explorer)
    window._touched, drive.explorer.state.calm = -1e9, True
    monkeypatch.setattr(type(drive.explorer), "waiting", property(lambda _: True))

    def nap(seconds: float) -> None:
        naps.append(seconds)
        drive.mouse(20, 30)

    monkeypatch.setattr("app.explorer.window.time.sleep", nap)
    window._due = 0.0
    window.pause(drive.explorer)
    window.pause(drive.explorer)
    assert len(naps) <= 2
