"""`rayverie lesson film`: a training run's sheets and curves as a film."""

from __future__ import annotations

import json
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from diffusion.training.film import SHEET, SIZE, count_frames, film_frames
from diffusion.training.run_log import read_run

GREYS = {2: 40, 4: 120, 6: 200}  # of each step's sheet


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run as `run_steps` leaves it: it was killed after step 5 and went on from a checkpoint of step 4."""
    folder = tmp_path / "denoiser"
    (folder / "samples").mkdir(parents=True)
    lines = [{"loss": 1 / step, "flow": 1 / step, "step": step, "lr": 1e-3, "steps_per_s": 2.0} for step in range(1, 6)]
    lines += [
        {"step": 4, "flow_0.3": 0.5},
        {"loss": 0.5, "step": 5},
        {"loss": 0.1, "step": 6},
        {"step": 6, "flow_0.3": 0.2},
    ]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"loss": 0.0')
    for step, grey in GREYS.items():
        Image.new("RGB", (300, 200), (grey,) * 3).save(folder / "samples" / f"{step:07d}.png")
    return folder


def test_a_log_becomes_curves_and_a_run_that_went_on_replaces_its_steps(run: Path) -> None:
    found = read_run(run)
    assert found.name == "denoiser" and found.last == 6 and [step for step, _ in found.sheets] == [2, 4, 6]
    assert dict(found.curves["loss"]) == {1: 1.0, 2: 0.5, 3: 1 / 3, 4: 0.25, 5: 0.5, 6: 0.1}
    assert {name: dict(curve) for name, curve in found.curves.items() if name != "loss"} == {
        "flow_0.3": {4: 0.5, 6: 0.2}
    }


def test_each_sheet_is_shown_in_turn_and_the_curve_goes_on(run: Path) -> None:
    found = read_run(run)
    frames = list(film_frames(found, 2.0, 1.5))
    assert len(frames) == count_frames(found, 2.0, 1.5) == 9
    assert all(frame.shape == (SIZE[1], SIZE[0], 3) for frame in frames)
    middles = [int(frame[SHEET // 2, SHEET // 2, 0]) for frame in frames]
    assert middles == [grey for grey in GREYS.values() for _ in range(3)]
    right = [frame[:, SHEET:].astype(int) for frame in frames]
    blue = [int(((part[..., 2] - part[..., 0]) > 100).sum()) for part in right]  # what the curves have reached
    assert blue == sorted(blue) and blue[0] < blue[4] < blue[-1]


def test_the_command_writes_a_film(run: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "learnt.mp4"
    assert main(["lesson", "film", str(run), "--out", str(out), "--seconds", "0.25"]) == 0
    assert "learnt.mp4 is ready" in capsys.readouterr().err
    with av.open(str(out)) as film:
        shown = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(shown) == 9 and shown[0].shape == (720, 1280, 3)
    np.testing.assert_allclose([int(f[360, 360, 0]) for f in shown[::3]], list(GREYS.values()), atol=4)


def test_what_is_wrong_is_one_sentence(run: Path, tmp_path: Path, capsys) -> None:
    def said(*words: str) -> str:
        assert main(["lesson", "film", *words]) == 2
        told = capsys.readouterr().err
        assert len(told.splitlines()) == 1, told
        return told

    assert "name the folder of one training run" in said()
    assert "log.jsonl isn't there" in said(str(tmp_path))
    assert "has no effect on `lesson film`" in said(str(run), "--negative", "moss")
    assert "suffix" in said(str(run), "--out", str(tmp_path / "a.webp"))
    assert "would replace" in said(str(run), "--out", str(run / "samples" / "0000002.png"))
    good = (run / "log.jsonl").read_text()
    for line, problem in (
        ("[]\n", "line 10 must be an object of numbers"),
        ('{"step": 7, "loss": "x"}\n', "line 10 must be an object of numbers"),
        ('{"loss": 1.0}\n', 'line 10 has no "step"'),
        ("{]\n", "line 10 is not JSON"),
    ):
        (run / "log.jsonl").write_text(good[: good.rindex("\n") + 1] + line)
        assert problem in said(str(run))
    (run / "log.jsonl").write_text('{"step": 4, "flow_0.3": 0.5}\n')
    assert "has no loss yet" in said(str(run))
    (run / "log.jsonl").write_text(good)
    (run / "samples" / "0000004.png").write_bytes(b"\x89PNG")
    assert "0000004.png" in said(str(run), "--out", str(tmp_path / "film.mp4"))
    assert not (tmp_path / "film.mp4").exists()
    for file in (run / "samples").iterdir():
        file.unlink()
    assert "holds no sheets of samples" in said(str(run))
