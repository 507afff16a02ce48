"""The judge of pictures: it learns, resumes, and counts right answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from base.errors import InputError
from diffusion.introspection.classifier import FILE, Classifier, load_classifier
from diffusion.training.config import JudgeConfig
from diffusion.training.config_files import build
from diffusion.training.evaluation.classifier import (
    NAMES,
    JudgedPictures,
    measure_accuracy,
    plain_pictures,
    train_classifier,
)

TINY = {"banks": 1, "pictures": 42, "validation": 42, "texels": 8, "width": 4, "crop": 32, "batch": 4, "steps": 4}


def test_the_judge_learns_resumes_and_comes_back_from_disk(tmp_path: Path) -> None:
    whole = build(JudgeConfig, {"out": str(tmp_path / "whole"), **TINY}, "test")
    parts = build(JudgeConfig, {"out": str(tmp_path / "parts"), **TINY}, "test")
    path = train_classifier(whole)
    train_classifier(replace(parts, minutes=1e-9))
    other = load_file(train_classifier(parts))
    assert all(torch.equal(v, other[k]) for k, v in load_file(path).items())
    pictures = plain_pictures(1, 8, NAMES[:4], texels=8)
    assert pictures.material.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    found = measure_accuracy(load_classifier(path), pictures)
    assert set(found) == {"material", "light"} and all(0 <= v <= 1 for v in found.values())


def test_a_missing_judge_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist; it must be a classifier"):
        load_classifier(tmp_path / "judge.safetensors")


def test_the_judge_counts_right_answers() -> None:
    class Sure(Classifier):
        def forward(self, pictures):
            return torch.eye(len(NAMES))[[0] * len(pictures)], torch.eye(4)[[1] * len(pictures)]

    images = torch.zeros(4, 3, 32, 32, dtype=torch.uint8)
    found = measure_accuracy(Sure(), JudgedPictures(images, torch.tensor([0, 0, 1, 2]), torch.tensor([1, 1, 1, 0])))
    assert found == {"material": 0.5, "light": 0.75}


def test_the_bundled_judge_names_new_pictures() -> None:
    found = measure_accuracy(load_classifier(FILE), plain_pictures(777, 84))
    assert found["material"] > 0.88 and found["light"] > 0.85
