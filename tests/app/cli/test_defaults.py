"""What flags default to depends on the model: the settings that suit it, and as many steps as its few-step network needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.__main__ import parse
from diffusion.loaders.embedded import read_defaults
from diffusion.settings import DreamSettings

OWN = DreamSettings(**read_defaults())


@pytest.mark.parametrize("words", [[], ["hamlet"], ["render"], ["dream"], ["bench"], ["--model", "embedded"]])
def test_the_embedded_model_dreams_with_what_suits_it(words: list[str]) -> None:
    assert read_defaults() and parse(words)[1].dream == OWN


def test_a_picture_too() -> None:
    assert parse(["generate", "brick"])[1].picture.dream == OWN


def test_a_flag_is_stronger() -> None:
    chosen = parse(["--steps", "20", "--sampler", "heun", "--scale", "7"])[1].dream
    assert chosen == DreamSettings(**read_defaults() | {"steps": 20, "sampler": "heun", "scale": 7.0})


@pytest.mark.parametrize("form", [["--model", "{}"], ["--model={}"]])
def test_another_model_has_its_own(form: list[str], tmp_path: Path) -> None:
    words = [word.format(tmp_path) for word in form]
    assert parse(words)[1].dream == DreamSettings()
    facts = {"few": {"folder": "few", "steps": 6}, "defaults": {"scale": 1.5}}
    (tmp_path / "rayverie.json").write_text(json.dumps(facts))
    assert parse(words)[1].dream == DreamSettings(steps=6, scale=1.5)


@pytest.mark.parametrize("defaults", [{"scale": -99}, {"colour": 1}, {"steps": "many"}, [3]])
def test_a_model_s_wrong_defaults_are_no_defaults(defaults: object, tmp_path: Path) -> None:
    (tmp_path / "rayverie.json").write_text(json.dumps({"defaults": defaults}))
    assert read_defaults(str(tmp_path)) == {}


def test_settings_from_a_file_stay_as_they_are(tmp_path: Path) -> None:
    saved = tmp_path / "session.json"
    saved.write_text(json.dumps({"rayverie": 1, "dream": {"steps": 11}}))
    assert parse(["--settings", str(saved)])[1].dream.steps == 11


@pytest.mark.parametrize("words", [[], ["ruins"], ["explore"], ["explore", "ruins"]])
def test_a_start_without_flags_needs_no_parser_and_means_the_same(words, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = parse([*words, "--fov", "60"])
    monkeypatch.setattr("app.__main__.tyro.cli", None)
    assert parse(words) == parsed
