"""`rayverie generate` with the tiny model, and a picture that it made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from scenes.load import builtin_folder

WALL = str(builtin_folder("hamlet") / "map.png")  # a picture that is there


@pytest.fixture
def words(tiny_model: Path) -> list[str]:
    return ["generate", "--model", str(tiny_model), "--device", "cpu"]


@pytest.fixture
def picture(words, tmp_path) -> Path:
    """A generated PNG."""
    out = tmp_path / "picture.png"
    assert main([*words, "brick wall", "--size", "64x48", "--steps", "2", "--seed", "5", "--out", str(out)]) == 0
    return out


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))
