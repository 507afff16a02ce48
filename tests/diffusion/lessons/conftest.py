"""A lesson of a tiny model, written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from diffusion.lessons.folder import names_of, write_lessons
from diffusion.lessons.recording import Recording, record_lesson
from diffusion.loaders.loading import load_model
from diffusion.settings import DreamSettings
from diffusion.text2image.recipe import GenerateSettings

PROMPTS = ("a </script> brick wall", "grass")
STEPS = 4


@pytest.fixture(scope="session")
def recordings(tiny_model: Path) -> dict[str, Recording]:
    model = load_model(str(tiny_model), "cpu")
    settings = DreamSettings(steps=STEPS, seed=3)
    return {
        name: record_lesson(model, GenerateSettings(prompt, size=(64, 48), dream=settings))
        for name, prompt in zip(names_of(PROMPTS), PROMPTS, strict=True)
    }


@pytest.fixture(scope="session")
def written(tiny_model: Path, recordings: dict[str, Recording], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lesson")
    write_lessons(load_model(str(tiny_model), "cpu"), recordings, folder)
    return folder
