"""`rayverie generate` with --count and --seeds: a folder with a sheet, one by one or together."""

from __future__ import annotations

import numpy as np
import pytest

from app.__main__ import main
from tests.app.cli.conftest import WALL, pixels


def test_several_pictures_are_a_folder_and_a_sheet(words, tmp_path, capsys) -> None:
    small = ["--size", "64x48", "--steps", "2"]
    assert main([*words, "grass", *small, "--seed", "7", "--count", "3", "--out", str(tmp_path / "a.png")]) == 0
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["seed_7.png", "seed_8.png", "seed_9.png", "sheet.png"]
    assert main([*words, "grass", *small, "--seeds", "9, 7", "--out", str(tmp_path / "b")]) == 0
    assert sorted(p.name for p in (tmp_path / "b").iterdir()) == ["seed_7.png", "seed_9.png", "sheet.png"]
    alone = tmp_path / "alone.png"
    assert main([*words, "grass", *small, "--seed", "9", "--out", str(alone)]) == 0
    for made in (tmp_path / "a" / "seed_9.png", tmp_path / "b" / "seed_9.png"):
        assert made.read_bytes() == alone.read_bytes()
    sheet, first = pixels(tmp_path / "b" / "sheet.png"), pixels(alone)
    assert (sheet[18:66, 4:68] == first).all()  # the first picture, below its label
    assert (
        main(["generate", "--from", str(alone), "--seeds", "9", "--device", "cpu", "--out", str(tmp_path / "c")]) == 0
    )
    assert (tmp_path / "c" / "seed_9.png").read_bytes() == alone.read_bytes()


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--seeds", "1,x"], "--seeds is '1,x'; it must be numbers from 0"),
        (["--seeds", "1,,2"], "it must be numbers"),
        (["--seeds", "9" * 5000], "it must be numbers"),
        (["--seeds", f"{2**31}"], "it must be numbers"),
        (["--seeds", "1,2", "--count", "2"], "--count both say"),
        (["--count", "0"], "--count is 0; allowed is 1"),
        (["--count", "2", "--steps-out", "steps"], "--steps-out shows one picture"),
        (["--capture", "5", "--steps", "3"], "--capture is 5; allowed is 1 to 3"),
        (["--capture", "1", "--steps", "4", "--init", WALL, "--strength", "0.5"], "--capture is 1; allowed is 3 to 4"),
    ],
)
def test_what_can_not_be_several_is_one_sentence(words, tmp_path, monkeypatch, capsys, flags, reason) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*words, "grass", *flags]) == 2
    assert reason in " ".join(capsys.readouterr().err.split()) and not list(tmp_path.iterdir())


def test_several_pictures_go_together_in_groups(words, tmp_path, capsys) -> None:
    out, alone = tmp_path / "many", tmp_path / "alone.png"
    small = ["brick wall", "--size", "32x32", "--steps", "2"]
    assert main([*words, *small, "--count", "3", "--together", "2", "--out", str(out)]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "with 3 pictures and sheet.png is ready: 4 model calls" in said  # of two pictures, then of one
    assert "6/6" in said
    assert sorted(path.name for path in out.iterdir()) == ["seed_0.png", "seed_1.png", "seed_2.png", "sheet.png"]
    assert main([*words, *small, "--seed", "1", "--together", "2", "--out", str(alone)]) == 0
    assert "--together has no effect: there is one picture." in capsys.readouterr().err
    assert np.abs(pixels(alone).astype(int) - pixels(out / "seed_1.png")).max() <= 1
