"""`generate --unsample` and `rayverie latents` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from base.pictures import open_picture


@pytest.fixture
def words(tiny_model: Path, tmp_path: Path, monkeypatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    ramp = np.linspace(0, 255, 32 * 48 * 3).astype(np.uint8).reshape(32, 48, 3)
    Image.fromarray(ramp).save("wall.png")
    small = ["--size", "48x32", "--steps", "6", "--start-at", "1", "--end-at", "4"]
    return ["generate", "--unsample", "wall.png", "--model", str(tiny_model), "--device", "cpu", *small]


def test_a_sequence_is_written_measured_and_compared(words, capsys) -> None:
    assert main([*words, "--out", "a"]) == 0
    assert main([*words, "--out", "b.png", "--mix-noise", "fresh"]) == 0
    levels = ["level_001.png", "level_002.png", "level_003.png", "level_004.png"]
    assert sorted(path.name for path in Path("a").iterdir()) == ["latents.safetensors", *levels, "sheet.png"]
    assert open_picture(Path("a/level_004.png"), "it").size == (48, 32)
    capsys.readouterr()
    assert main(["latents", "a/latents.safetensors", "b/latents.safetensors", "--json", "--plot", "plot.png"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["sigma"] for row in rows] == sorted((row["sigma"] for row in rows), reverse=True) and len(rows) == 4
    assert rows[0]["difference"] > rows[-1]["difference"] > 0
    assert np.asarray(Image.open("plot.png")).std() > 10
    assert main(["latents", "a/latents.safetensors"]) == 0
    assert "deviation" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--count", "2"], "--count"),
        (["--steps-out", "x"], "--steps-out"),
        (["--start-at", "6"], "--start-at is 6; allowed is 0 to 5"),
        (["--start-at", "4", "--end-at", "2"], "--end-at is 2; allowed is 5 to 6"),
        (["--unsample", "none.png"], "none.png does not exist"),
        (["--out", ".."], "--out"),
    ],
)
def test_bad_values_are_one_sentence(more, named, words, capsys) -> None:
    assert main([*words, *more]) == 2
    said = capsys.readouterr().err
    assert named in said and len(said.splitlines()) == 1


def test_files_of_others_are_not_replaced(words, capsys) -> None:
    Path("a").mkdir()
    Path("a/latents.safetensors").write_bytes(b"mine")
    assert main([*words, "--out", "a"]) == 2
    assert "would replace a/latents.safetensors" in capsys.readouterr().err


def test_what_is_no_file_of_latents(words, capsys) -> None:
    assert main(["latents"]) == 2 and main(["latents", "wall.png"]) == 2
    assert main([*words, "--out", "a"]) == 0 and main([*words, "--end-at", "3", "--out", "b"]) == 0
    capsys.readouterr()
    assert main(["latents", "a/latents.safetensors", "b/latents.safetensors"]) == 2
    assert "are 3 × 4 × 4 × 6, those of a/latents.safetensors are 4" in capsys.readouterr().err


def test_settings_without_effect_on_any_network_are_named(words, capsys) -> None:
    unheard = ["moss", "--init", "wall.png", "--mix", "0.5", "--control", "depth", "--match-temperature", "1"]
    assert main([*words[:1], unheard[0], *words[1:], *unheard[1:], "--out", "a"]) == 0
    said = capsys.readouterr().err
    for name in ("PROMPT", "--init", "--mix", "--control", "--match-temperature"):
        assert f"{name} has no effect: --unsample asks no network." in said
    assert said.count("has no effect") == 5
    assert main([*words, "--out", "a"]) == 0
    assert "has no effect" not in capsys.readouterr().err
