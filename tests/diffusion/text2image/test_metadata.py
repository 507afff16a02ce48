"""Settings in a PNG: what is read back is checked field by field, and pictures from outside mean what they show."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from base.errors import InputError, escape_controls
from diffusion.loaders.embedded import read_multiple
from diffusion.settings import DreamSettings
from diffusion.text2image.generate import _open_resized, refuse
from diffusion.text2image.metadata import from_json, read_png, to_json, write_png
from diffusion.text2image.recipe import GenerateSettings, Recipe

RECIPE = Recipe(
    GenerateSettings(prompt="brick 🧱 wall"), None, "embedded-1", {"init": "0" * 64}, 4, ("a.safetensors:0.5",)
)
PICTURE = np.zeros((8, 8, 3), np.uint8)


def test_a_recipe_survives_its_picture(tmp_path: Path) -> None:
    odd = Recipe(GenerateSettings(init=Path(os.fsdecode(b"\xff.png"))), os.fsdecode(b"\xff"), "m-1", {}, 0, ())
    for number, recipe in enumerate((RECIPE, odd)):
        write_png(tmp_path / f"{number}.png", PICTURE, recipe)
        assert read_png(tmp_path / f"{number}.png") == recipe


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": "1"}, "version"),
        ({"version": True}, "version"),
        ({"version": 99}, "99; this program reads"),
        ({"settings": None}, "settings is NoneType"),
        ({"settings": {"prompt": 3}}, "settings.prompt is 3"),
        ({"settings": {"colour": 3}}, "settings.colour is unknown"),
        ({"settings": {"dream": {"steps": 10**9}}}, "settings.dream.steps is"),
        ({"settings": {"dream": {"steps": 10**40}}}, "settings.dream.steps is"),
        ({"files": 3}, "files must hold"),
        ({"files": {"init": 3}}, "files must hold"),
        ({"files": {"/etc/passwd": "x"}}, "files must hold"),
        ({"few_steps": -1}, "few_steps is -1"),
        ({"few_steps": True}, "few_steps"),
        ({"lora": "x"}, "lora"),
        ({"lora": [3]}, "lora"),
        ({"model": 3}, "model"),
        ({"model_id": None}, "model_id"),
        ({"more": 1}, "more is unknown"),
    ],
)
def test_what_a_recipe_can_not_hold_is_named(changes: dict[str, Any], said: str) -> None:
    values = json.loads(to_json(RECIPE)) | changes
    with pytest.raises(InputError) as caught:
        from_json(json.dumps(values), "a.png")
    assert said in str(caught.value) and escape_controls(str(caught.value)) == str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "3", '{"version": NaN}', "[" * 9999, '{"version": 1, "version": 1}'])
def test_what_is_no_recipe_is_a_sentence(text: str) -> None:
    with pytest.raises(InputError, match=r"a\.png"):
        from_json(text, "a.png")


def test_grey_of_16_bits_is_that_of_8(tmp_path: Path) -> None:
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    Image.fromarray(grey).save(tmp_path / "8.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "16.png")
    for mode, flag in (("RGB", "--init"), ("L", "--mask")):
        wide, narrow = (np.asarray(_open_resized(tmp_path / name, mode, (8, 8), flag)) for name in ("16.png", "8.png"))
        assert (wide == narrow).all() and wide.min() < 10 and wide.max() > 240


def test_what_is_transparent_is_white_in_a_picture_and_black_in_a_mask(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(tmp_path / "x.png")
    assert (np.asarray(_open_resized(tmp_path / "x.png", "RGB", (8, 8), "--init")) == 255).all()
    assert (np.asarray(_open_resized(tmp_path / "x.png", "L", (8, 8), "--mask")) == 0).all()


def test_an_unreadable_file_is_reported_before_a_model_is_loaded(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero"), tmp_path / "missing.png"):
        with pytest.raises(InputError, match="it must be a picture for --init"):
            refuse(GenerateSettings(init=path))
    with pytest.raises(InputError, match="the prompt contains bytes that aren't UTF-8"):
        refuse(GenerateSettings(prompt="a\udcff"))


@pytest.mark.parametrize(
    ("size", "dilate", "fits"),
    [(512, 4, True), (64, 4, False), (128, 2, True), (96, 4, False), (100, 4, True), (64, 1, True)],
)
def test_a_dilation_too_large_for_the_canvas_is_reported_before_the_model_is_loaded(
    size: int, dilate: int, fits: bool
) -> None:
    multiple = read_multiple()
    assert multiple == 32
    settings = GenerateSettings(prompt="x", size=(size, size), dream=DreamSettings(dilate=dilate))
    if fits:
        refuse(settings, multiple)
    else:
        with pytest.raises(InputError, match=f"--dilate is {dilate}; .* multiples of {32 * dilate} pixels"):
            refuse(settings, multiple)
