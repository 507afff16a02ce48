"""What flags default to depends on the model: as many steps as its few-step network needs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.__main__ import parse
from diffusion.settings import DreamSettings

PLAIN = DreamSettings().steps


@pytest.mark.parametrize("words", [[], ["hamlet"], ["render"], ["dream"], ["bench"], ["--model", "embedded-fast"]])
def test_the_embedded_model_dreams_in_the_steps_of_its_few_step_network(words: list[str]) -> None:
    assert parse(words)[1].dream == DreamSettings(steps=4)


def test_a_picture_too() -> None:
    assert parse(["generate", "brick"])[1].picture.dream.steps == 4


def test_a_flag_is_stronger() -> None:
    assert parse(["--steps", "20", "--sampler", "heun"])[1].dream == DreamSettings(steps=20, sampler="heun")


@pytest.mark.parametrize("form", [["--model", "{}"], ["--model={}"]])
def test_another_model_has_its_own(form: list[str], tmp_path: Path) -> None:
    words = [word.format(tmp_path) for word in form]
    assert parse(words)[1].dream.steps == PLAIN
    (tmp_path / "rayverie.json").write_text(json.dumps({"few": {"folder": "few", "steps": 6}}))
    assert parse(words)[1].dream.steps == 6


def test_settings_from_a_file_stay_as_they_are(tmp_path: Path) -> None:
    saved = tmp_path / "session.json"
    saved.write_text(json.dumps({"rayverie": 1, "dream": {"steps": 11}}))
    assert parse(["--settings", str(saved)])[1].dream.steps == 11
