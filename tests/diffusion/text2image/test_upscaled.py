"""Generated pictures enlarged: at once, later, and again from their own settings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from base.errors import InputError
from diffusion.loaders.loading import load_model
from diffusion.models.model import Model
from diffusion.settings import DreamSettings
from diffusion.text2image.generate import generate, refuse, regenerate
from diffusion.text2image.metadata import parameters, read_png, write_png
from diffusion.text2image.recipe import GenerateSettings
from diffusion.text2image.upscaled import upscale_png

SMALL = GenerateSettings(prompt="brick wall", size=(32, 24), dream=DreamSettings(steps=2, seed=3))


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Model:
    return load_model(str(tiny_model), "cpu")


@pytest.mark.parametrize("factor", [2, 3])
def test_enlarged_later_is_what_generate_makes_at_once(
    model: Model, tiny_upscaler: Path, tmp_path, factor: int
) -> None:
    small, seen = generate(model, SMALL), []
    write_png(tmp_path / "small.png", small.image, small.recipe)
    asked = replace(SMALL, upscale=factor, upscaler=tiny_upscaler)
    large = generate(model, asked)
    tiles = lambda done, total: seen.append((done, total))  # noqa: E731
    image, recipe = upscale_png(tmp_path / "small.png", factor, tiny_upscaler, on_tile=tiles)
    assert image.shape == (24 * factor, 32 * factor, 3) and seen
    assert np.array_equal(image, large.image) and recipe == large.recipe
    middle = np.asarray(Image.fromarray(large.image).resize((32, 24), Image.Resampling.BOX), float)
    assert np.corrcoef(middle.ravel(), small.image.ravel())[0, 1] > 0.9  # it is the same picture


def test_the_png_makes_itself_again_and_tells_of_another_upscaler(model: Model, tiny_upscaler: Path, tmp_path) -> None:
    file, png = tmp_path / "mine.safetensors", tmp_path / "large.png"
    file.write_bytes(tiny_upscaler.read_bytes())
    made = generate(model, replace(SMALL, upscale=2, upscaler=file))
    write_png(png, made.image, made.recipe)
    recipe = read_png(png)
    assert recipe == made.recipe and "upscaler" in recipe.files
    assert 'Hires upscale: 2, Hires upscaler: "mine"' in parameters(recipe) and "Size: 32x24" in parameters(recipe)
    assert np.array_equal(regenerate(model, recipe, png).image, made.image)
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.raises(InputError, match=r"upscaler was .*mine\.safetensors, which has changed since"):
        regenerate(model, recipe, png)


def test_what_is_enlarged_already_is_refused(model: Model, tiny_upscaler: Path, tmp_path) -> None:
    made = generate(model, replace(SMALL, upscale=2, upscaler=tiny_upscaler))
    write_png(tmp_path / "large.png", made.image, made.recipe)
    with pytest.raises(InputError, match="is enlarged 2 times already"):
        upscale_png(tmp_path / "large.png", 2, tiny_upscaler)


@pytest.mark.parametrize(
    ("name", "sentence"), [("net.pth", "is a pickle"), ("net.safetensors", "is not an upscaler's")]
)
def test_an_upscaler_that_is_none_is_refused_before_a_model_is_loaded(tmp_path, name: str, sentence: str) -> None:
    (tmp_path / name).write_bytes(b"\x80\x04nothing of this is ever run")
    with pytest.raises(InputError, match=sentence):
        refuse(replace(SMALL, upscale=2, upscaler=tmp_path / name))
    refuse(replace(SMALL, upscaler=tmp_path / name))  # it takes no part
    with pytest.raises(InputError, match="--upscale is 5; allowed is 1 to 4"):
        refuse(replace(SMALL, upscale=5))
