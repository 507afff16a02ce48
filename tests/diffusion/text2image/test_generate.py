"""Single pictures and what they carry: the same pixels again from the PNG, inpainting, bad input."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from base.errors import InputError
from base.outputs import refuse_outputs
from diffusion.settings import DreamSettings
from diffusion.text2image.generate import generate, regenerate, step_outputs, step_saver
from diffusion.text2image.metadata import KEY, from_json, read_png, to_json, write_png
from diffusion.text2image.recipe import GenerateSettings, Recipe

FEW = GenerateSettings(prompt="moss on stone", negative="snow", size=(64, 48), dream=DreamSettings(steps=2, seed=5))


@pytest.fixture
def photograph(tmp_path) -> Path:
    random = np.random.default_rng(0)
    Image.fromarray(random.integers(0, 256, (48, 64, 3), dtype=np.uint8)).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


@pytest.fixture
def half_mask(tmp_path) -> Path:
    mask = np.zeros((48, 64), np.uint8)
    mask[:, 32:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return tmp_path / "mask.png"


def test_a_png_makes_its_pixels_again(sd, tmp_path, photograph, half_mask):
    dream = DreamSettings(steps=3, sampler="dpmpp_sde", noise="brownian", guidance="tnr", strength=0.7, scale=2.5)
    made = generate(
        sd, replace(FEW, init=photograph, mask=half_mask, mask_blur=3.0, dream=dream), model_ref="somewhere"
    )
    write_png(tmp_path / "out.png", made.image, made.recipe)
    recipe = read_png(tmp_path / "out.png")
    assert recipe == made.recipe
    again = regenerate(sd, recipe, "out.png")
    with Image.open(tmp_path / "out.png") as png:
        assert np.array_equal(again.image, np.asarray(png))
        text = png.text["parameters"]
    assert text.startswith("moss on stone\nNegative prompt: snow\nSteps: 3, Sampler: dpmpp_sde,")
    assert (
        "CFG scale: 2.5" in text and "Seed: 0" in text and "Size: 64x48" in text and "Denoising strength: 0.7" in text
    )


def test_any_size_is_dreamed_larger_and_cut(sd):
    made = generate(sd, replace(FEW, size=(57, 41)))
    assert made.image.shape == (41, 57, 3) and made.dreamed.image.shape == (48, 64, 3)


def test_inpainting_keeps_the_picture_itself(sd, photograph, half_mask):
    made = generate(sd, replace(FEW, init=photograph, mask=half_mask))
    given_picture = np.asarray(Image.open(photograph))
    assert np.array_equal(made.image[:, :32], given_picture[:, :32])
    assert not np.array_equal(made.image[:, 32:], given_picture[:, 32:])


def test_strength_is_how_far_it_may_go(sd, photograph):
    given_latents = sd.encode(np.asarray(Image.open(photograph))).numpy()
    far, near = (
        generate(sd, replace(FEW, init=photograph, dream=DreamSettings(steps=10, strength=s))).dreamed
        for s in (0.9, 0.1)
    )
    assert near.calls == 1 < far.calls
    assert np.abs(near.latents - given_latents).mean() < np.abs(far.latents - given_latents).mean()


def test_anagrams_of_several_prompts(sd):
    made = generate(sd, replace(FEW, size=(64, 64), anagram=("cat", "sea"), view=("rotate_180", "flip_vertical")))
    assert made.dreamed.calls == 2 * 3


def test_steps_are_written(sd, tmp_path):
    generate(sd, FEW, on_step=step_saver(sd, tmp_path / "steps"))
    written = ["latents.safetensors", "step_001.png", "step_002.png"]
    assert sorted(p.name for p in (tmp_path / "steps").iterdir()) == written
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"step_001\.png can't be written"):
        refuse_outputs(step_outputs("--steps-out", tmp_path / "file"))


def test_a_changed_world_is_named(sd, own, tmp_path, photograph):
    made = generate(sd, replace(FEW, init=photograph))
    with pytest.raises(InputError, match="model was"):
        regenerate(own, made.recipe, "x.png")
    photograph.write_bytes(photograph.read_bytes() + b" ")
    with pytest.raises(InputError, match="changed"):
        regenerate(sd, made.recipe, "x.png")
    photograph.unlink()
    with pytest.raises(InputError, match="not there"):
        regenerate(sd, made.recipe, "x.png")


@settings(max_examples=40)
@given(
    prompt=st.text(max_size=60),
    negative=st.text(max_size=20),
    size=st.tuples(st.integers(8, 4096), st.integers(8, 4096)),
    anagram=st.lists(st.text(max_size=9), max_size=3).map(tuple),
    steps=st.integers(1, 200),
    scale=st.floats(0, 20),
    path=st.none() | st.just(Path("a b/ü.png")),
)
def test_every_setting_survives(prompt, negative, size, anagram, steps, scale, path):
    chosen = GenerateSettings(
        prompt, negative, size, init=path, anagram=anagram, dream=DreamSettings(steps=steps, scale=scale)
    )
    recipe = Recipe(chosen, None, "embedded-12345678", {"init": "0"})
    assert from_json(to_json(recipe), "x.png") == recipe


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(version=2), "version is 2"),
        (lambda d: d["settings"].update(colour="red"), "settings.colour is unknown"),
        (lambda d: d["settings"]["dream"].update(steps=0), "settings.dream.steps is 0; allowed is 1 to 200"),
        (lambda d: d["settings"]["dream"].update(steps="many"), "it must be of type"),
        (lambda d: d["settings"]["dream"].update(memory="dreams"), "allowed are colours, latents, both"),
        (lambda d: d.update(settings=3), "it must be an object"),
        (lambda d: d.update(model_id=None), "model_id"),
    ],
)
def test_broken_recipes_are_named(tmp_path, change, words):
    values = json.loads(to_json(Recipe(FEW, None, "embedded-12345678")))
    change(values)
    info = PngImagePlugin.PngInfo()
    info.add_itxt(KEY, json.dumps(values))
    Image.new("RGB", (8, 8)).save(tmp_path / "x.png", pnginfo=info)
    with pytest.raises(InputError, match=words):
        read_png(tmp_path / "x.png")


def test_files_that_are_no_recipes(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    (tmp_path / "text.png").write_text("hello")
    for name, words in (
        ("plain.png", "carries no Rayverie settings"),
        ("text.png", "is not a PNG picture"),
        ("gone.png", "does not exist"),
    ):
        with pytest.raises(InputError, match=words):
            read_png(tmp_path / name)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"size": (4, 64)}, "--size"),
        ({"prompt": "wall " * 3000}, "PROMPT has 15000 characters"),
        ({"anagram": ("wall " * 3000,)}, "--anagram has 15000 characters"),
        ({"dream": DreamSettings(further=("wall " * 3000,))}, "--further has 15000 characters"),
        ({"mask": Path("m.png")}, "--mask needs --init"),
        ({"init": Path("gone.png")}, "gone.png does not exist; it must be a picture for --init"),
        ({"anagram": ("cat",), "view": ("sideways",)}, "--view is 'sideways'"),
        ({"anagram": ("cat",), "view": ("rotate_90",)}, "square"),
        ({"anagram": ("cat",), "view": ()}, "--view is missing"),
        ({"dream": DreamSettings(sampler="eulre")}, "--sampler is 'eulre'"),
    ],
)
def test_bad_settings_are_one_sentence(sd, wrong, words):
    with pytest.raises(InputError, match=words):
        generate(sd, replace(FEW, **wrong))
