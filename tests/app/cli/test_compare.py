"""`rayverie compare`: one difference, two runs, and the step where they part; mistakes are one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from app.__main__ import main
from app.commands import LESSON_STEPS, Compare, suit_to_model
from diffusion.text2image.metadata import read_png


def compare(tiny_model: Path, out: Path, *words: str) -> int:
    small = ["--model", str(tiny_model), "--device", "cpu", "--size", "64x48", "--steps", "4", "--scale", "3"]
    return main(["compare", "brick wall", *small, *words, "--out", str(out)])


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (("--other-seed", "9"), "seed", 9),
        (("--other-sampler", "heun"), "sampler", "heun"),
        (("--other-scale", "12"), "scale", 12.0),
        (("--other-steps", "6"), "steps", 6),
    ],
)
def test_runs_differ_in_what_is_told_and_nothing_else(
    words: tuple[str, ...], field: str, value: object, tiny_model: Path, tmp_path: Path, capsys
) -> None:
    assert compare(tiny_model, tmp_path / "two", *words, "--json") == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert [row["step"] for row in told["steps"]] == [1, 2, 3, 4] and "paths.png is ready" in said.err.replace("\n", "")
    assert all(0 <= row["large_shapes"] <= 1 and row["distance"] >= 0 for row in told["steps"])
    one, other = (read_png(tmp_path / "two" / name).settings for name in ("a.png", "b.png"))
    assert getattr(other.dream, field) == value != getattr(one.dream, field)
    assert (one.prompt, one.size) == (other.prompt, other.size)
    with Image.open(tmp_path / "two" / "paths.png") as sheet:
        assert sheet.width > 5 * 100 and sheet.height > 3 * 70
    if field == "seed":
        assert told["parts_at"] == 1
    else:
        assert told["steps"][0]["distance"] < told["steps"][-1]["distance"] or field == "scale"


def test_another_sampler_sees_the_same_at_first(tiny_model: Path, tmp_path: Path, capsys) -> None:
    assert compare(tiny_model, tmp_path / "two", "--other-sampler", "euler", "--json") == 0
    assert json.loads(capsys.readouterr().out)["steps"][0]["distance"] == 0


def test_another_prompt_and_another_model_are_compared_too(tiny_model: Path, tmp_path: Path, capsys) -> None:
    assert (
        compare(tiny_model, tmp_path / "two", "--other-prompt", "grass", "--other-model", f"{tiny_model}/", "--json")
        == 0
    )
    assert json.loads(capsys.readouterr().out)["steps"][0]["distance"] > 0
    assert read_png(tmp_path / "two" / "b.png").settings.prompt == "grass"
    assert compare(tiny_model, tmp_path / "two", "--other-prompt", "grass") == 0, "its own files are replaced"


def test_a_comparison_has_steps_enough_to_see_something_happen() -> None:
    assert suit_to_model(Compare(), None).picture.dream.steps == LESSON_STEPS


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["wall"], "needs a difference between the runs"),
        (["wall", "--seed", "5", "--other-seed", "5"], "two equal runs"),
        (["--other-seed", "5"], "PROMPT is missing"),
        (["wall", "--other-sampler", "magic"], "--other-sampler"),
        (["wall", "--other-steps", "0"], "--other-steps"),
        (["wall", "--other-seed", "5", "--out", ".."], "must be the name"),
        (["wall", "--other-seed", "5", "--phases", "2"], "can't be compared"),
    ],
)
def test_mistakes_are_one_sentence(words: list[str], problem: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["compare", *words]) == 2
    said = capsys.readouterr().err
    assert problem in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_picture_of_another_origin_is_kept(tiny_model: Path, tmp_path: Path, capsys) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "paths.png")
    assert compare(tiny_model, tmp_path, "--other-seed", "5") == 2
    assert "which Rayverie did not write" in capsys.readouterr().err
