"""A training run over the scene: it plays, is scrubbed and read again, and Esc goes back to the scene."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from app.panels.run_film import step_at
from diffusion.training.run_log import read_run

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Three sheets, red, green and blue; the last can't be read."""
    folder = tmp_path / "denoiser"
    (folder / "samples").mkdir(parents=True)
    lines = [{"loss": 1 / step, "step": step} for step in range(1, 9)] + [{"step": 4, "flow": 0.5}]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for step, channel in ((2, 0), (4, 1)):
        Image.fromarray(np.uint8(230 * (np.arange(3) == channel) * np.ones((60, 90, 1)))).save(
            folder / "samples" / f"{step:07d}.png"
        )
    (folder / "samples" / "0000006.png").write_bytes(b"no picture")
    return folder


def helps() -> bool:
    """Whether the line of help of the first start was drawn in the last frame."""
    from imgui_bundle import imgui

    line = imgui.internal.find_window_by_name("##first")
    return line is not None and line.active


def shade(drive: Driver) -> list[bool]:
    """Which of red, green and blue fills the place of the sheet."""
    x, y, width, height = (int(v) for v in drive.explorer.shell.scene_box)
    part = drive.pixels()[y + 90 : y + height // 2, x + 20 : x + width // 3].reshape(-1, 3)
    return (np.median(part, axis=0) > 200).tolist()


def test_a_run_is_dropped_played_scrubbed_and_closed(drive: Driver, run: Path) -> None:
    explorer, work = drive.explorer, drive.explorer.state.pictures
    film, place = explorer.shell.overlay_panels.cover.film, explorer.state.camera
    explorer.do("drop", [run])
    drive.until(lambda: work.run is not None and work.sheets.get(run / "samples" / "0000002.png") is not None, "opens")
    drive.frames(3)
    assert film.playing and shade(drive) == [True, False, False]
    assert explorer.state.overlays.first_help and not helps(), "the line of help would cover the film"
    drive.press("w")
    drive.until(lambda: film.place > 1.1, "it plays on")
    drive.release("w")
    drive.frames(3)
    assert shade(drive) == [False, True, False] and explorer.state.camera == place
    drive.until(lambda: not film.playing, "it ends")
    drive.frames(3)
    assert film.place == 3.0 and work.sheets.get(run / "samples" / "0000006.png") is None
    film.place = 0.0
    drive.frames(3)
    assert shade(drive) == [True, False, False] and not film.playing
    with (run / "log.jsonl").open("a") as log:
        log.write('{"loss": 0.1, "step": 20}\n')
    explorer.do("open_run", run)
    drive.until(lambda: work.run is not None and work.run.last == 20, "it is read again")
    drive.frames(2)
    assert film.place == 0.0
    drive.tap("escape")
    assert work.run is None and not drive.errors()
    drive.frames(1)
    assert helps(), "the time over the film doesn't count"
    assert work.sheets.get(run / "samples" / "0000002.png") is None  # 2 MB each are not kept for later


def test_what_is_no_run_is_said(drive: Driver, tmp_path: Path) -> None:
    drive.explorer.do("open_run", tmp_path)
    drive.until(lambda: bool(drive.errors()), "it is said")
    assert "log.jsonl isn't there" in drive.errors()[0] and drive.explorer.state.pictures.run is None


def test_the_curves_go_on_to_the_next_sheet_and_at_last_to_the_end(run: Path) -> None:
    found = read_run(run)
    assert [step_at(found, place) for place in (0, 0.5, 1, 2, 2.5, 3)] == [2, 3, 4, 6, 7, 8]
