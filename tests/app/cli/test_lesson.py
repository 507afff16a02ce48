"""`rayverie lesson`: exports, lists and opens lessons; mistakes are one sentence."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path

import pytest

from app.__main__ import main
from app.commands import LESSON_STEPS, LessonCommand, suit_to_model
from app.files.lessons import ARCHIVE, list_presets
from diffusion.lessons.stations import STATIONS


def test_a_prompt_becomes_a_page(tiny_model: Path, tmp_path: Path, capsys) -> None:
    words = ["lesson", "export", "brick wall", "grass", "--model", str(tiny_model), "--out", str(tmp_path / "made")]
    assert main([*words, "--size", "32x32", "--steps", "2", "--seed", "7", "--no-latents"]) == 0
    told = json.loads((tmp_path / "made" / "metadata.json").read_text("utf-8"))
    assert [(one["name"], one["settings"]["dream"]["seed"]) for one in told["lessons"]] == [
        ("brick-wall", 7),
        ("grass", 7),
    ]
    assert not list(tmp_path.rglob("*.safetensors"))
    assert "index.html is ready" in capsys.readouterr().err.replace("\n", "")
    assert main(["lesson", "open", str(tmp_path / "made"), "--no-browser"]) == 0
    assert (tmp_path / "made" / "index.html").resolve().as_uri() in capsys.readouterr().out


def test_lessons_that_ship_are_listed_and_opened(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    presets = list_presets()
    assert len(presets) >= 3 and ARCHIVE.stat().st_size < 2e6
    assert main(["lesson", "list"]) == 0
    shown = capsys.readouterr().out
    assert all(preset.name in shown and preset.prompt in shown for preset in presets)
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    assert main(["lesson", "open", presets[1].name]) == 0
    (page,) = tmp_path.rglob("index.html")
    assert opened == [f"{page.resolve().as_uri()}#{presets[1].name}"]
    script = (page.parent / "data.js").read_text("utf-8")
    assert all(f'"{station.name}":{{"choice":' in script and station.title in script for station in STATIONS)
    picture = page.parent / presets[0].name / "final.webp"
    picture.write_bytes(b"damaged")
    assert main(["lesson", "open"]) == 0
    assert picture.stat().st_size > 1000


def test_a_lesson_has_steps_enough_to_see_something_happen() -> None:
    assert suit_to_model(LessonCommand(), None).dream.steps == LESSON_STEPS


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ([], "ACTION is missing"),
        (["export"], "PROMPT is missing"),
        (["export", "wall", "--size", "5000x64"], "a side has"),
        (["export", "wall", "--out", "."], "must be the name"),
        (["export", "wall", "--no-browser"], "--no-browser has no effect on `lesson export`"),
        (["export", "wall", "--ip-adapter", "x"], "can't be recorded"),
        (["list", "wall"], "a word too many"),
        (["list", "--no-latents"], "--no-latents has no effect on `lesson list`"),
        (["list", "--steps", "3"], "A setting of dreams has no effect"),
        (["open", "--model", "x"], "--model has no effect"),
        (["open", "nowhere"], "neither a folder nor a lesson"),
        (["open", "one", "two"], "name one lesson"),
        (["open", "."], "description of a lesson"),
    ],
)
def test_mistakes_are_one_sentence(words: list[str], problem: str, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["lesson", *words]) == 2
    said = capsys.readouterr().err
    assert problem in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_nothing_of_another_origin_is_replaced(tmp_path: Path, capsys) -> None:
    (tmp_path / "index.html").write_text("mine")
    assert main(["lesson", "export", "wall", "--out", str(tmp_path)]) == 2
    assert "which Rayverie did not write" in capsys.readouterr().err
    assert (tmp_path / "index.html").read_text() == "mine"
