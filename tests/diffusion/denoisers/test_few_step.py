"""A model's few-step network: when it paints, by which settings, and how a folder names it."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from base.errors import InputError
from diffusion.denoisers.few_step import (
    FEW_STEP_CHOICES,
    effective_settings,
    uses_few_step,
)
from diffusion.dream import dream
from diffusion.loaders.embedded import read_few_steps
from diffusion.loaders.loading import load_model
from diffusion.settings import DreamSettings
from diffusion.text2image.generate import generate, regenerate
from diffusion.text2image.metadata import parameters, read_png, write_png
from diffusion.text2image.recipe import GenerateSettings

FEW = DreamSettings(steps=3)


@pytest.fixture(scope="module")
def folders(sd_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(a model whose few-step network is the other, which has other weights)"""
    home = tmp_path_factory.mktemp("pair")
    model, student = (Path(shutil.copytree(sd_folder, home / name)) for name in ("model", "student"))
    weights = student / "unet" / "diffusion_pytorch_model.safetensors"
    save_file({k: 0.5 * v for k, v in load_file(weights).items()}, weights, metadata={"format": "pt"})
    name_it(model, {"folder": "../student", "steps": 3})
    return model, student


def name_it(folder: Path, few: object) -> None:
    (folder / "rayverie.json").write_text(json.dumps({"few": few}))


@pytest.mark.parametrize(("steps", "few", "paints_it"), [(3, 4, True), (4, 4, True), (5, 4, False), (1, 0, False)])
def test_the_number_of_steps_chooses_the_network(steps: int, few: int, paints_it: bool) -> None:
    assert uses_few_step(DreamSettings(steps=steps), few) == paints_it
    assert not uses_few_step(DreamSettings(steps=steps, few_step=False), few)


def test_steps_that_a_memory_stands_for_are_not_counted() -> None:
    partly = DreamSettings(steps=5, strength=0.8)
    assert uses_few_step(partly, 4, has_guide=True) and effective_settings(partly, 4, has_guide=True) == replace(
        partly, **FEW_STEP_CHOICES
    )
    assert not uses_few_step(partly, 4) and not uses_few_step(replace(partly, strength=1.0), 4, has_guide=True)


def test_what_is_painted_by_it_has_the_settings_that_it_learnt_and_keeps_the_others() -> None:
    chosen = DreamSettings(steps=4, sampler="heun", guidance="tnr", cfg_rescale=0.5, softness=2.0, seed=7)
    painted = effective_settings(chosen, 4)
    assert {name: getattr(painted, name) for name in FEW_STEP_CHOICES} == dict(FEW_STEP_CHOICES)
    assert (painted.steps, painted.softness, painted.seed) == (4, 2.0, 7)
    assert effective_settings(chosen, 3) == chosen


def test_few_steps_are_the_students_and_more_the_models_own(folders, canvas_of) -> None:
    both, student = (load_model(folder, "cpu") for folder in folders)
    canvas = canvas_of(both, prompts=2)
    before = both.calls
    few = dream(both, canvas, FEW)
    assert few.calls == 3 == both.calls - before  # counted with all others, and no second prediction for a guidance
    assert np.array_equal(few.latents, dream(student, canvas, replace(FEW, **FEW_STEP_CHOICES)).latents)
    own = dream(both, canvas, replace(FEW, steps=4)).latents
    folder = folders[0]
    (folder / "rayverie.json").rename(folder / "aside.json")
    try:
        alone = load_model(folder, "cpu")
    finally:
        (folder / "aside.json").rename(folder / "rayverie.json")
    assert np.array_equal(own, dream(alone, canvas, replace(FEW, steps=4)).latents)
    asked = replace(FEW, few_step=False)
    assert np.array_equal(dream(both, canvas, asked).latents, dream(alone, canvas, asked).latents)
    assert alone.id != both.id and alone.space == both.space


def test_a_model_may_be_its_own_few_step_network(folders, canvas_of) -> None:
    student = folders[1]
    plain = load_model(student, "cpu")
    name_it(student, {"folder": ".", "steps": 3})
    try:
        model = load_model(student, "cpu")
    finally:
        (student / "rayverie.json").unlink()
    assert model.few_step_unet is model.unet and model.id == plain.id
    canvas = canvas_of(model)
    assert np.array_equal(
        dream(model, canvas, FEW).latents, dream(plain, canvas, replace(FEW, **FEW_STEP_CHOICES)).latents
    )


def test_a_picture_says_what_painted_it_and_comes_back_with_more_steps_guided(folders, tmp_path: Path) -> None:
    model = load_model(folders[0], "cpu")
    made = generate(model, GenerateSettings("abc", size=(64, 64), dream=FEW))
    assert "Sampler: ddim" in parameters(made.recipe) and "CFG scale: 1," in parameters(made.recipe)
    write_png(tmp_path / "a.png", made.image, made.recipe)
    recipe = read_png(tmp_path / "a.png")
    assert recipe == made.recipe and recipe.settings.dream == FEW  # the user's own, for when there are more steps again
    assert np.array_equal(regenerate(model, recipe, "a.png").image, made.image)


@pytest.mark.parametrize(
    ("few", "problem"),
    [
        ("student", "must be"),
        ({"folder": "../student"}, "must be"),
        ({"folder": "../student", "steps": 0}, "must be from 1 to 200"),
        ({"folder": "../nowhere", "steps": 3}, "nowhere"),
    ],
)
def test_a_few_step_network_that_cannot_be_is_one_sentence(folders, tmp_path: Path, few: object, problem: str) -> None:
    folder = Path(shutil.copytree(folders[0], tmp_path / "model"))
    name_it(folder, few)
    with pytest.raises(InputError, match=problem):
        load_model(folder, "cpu")


def test_a_network_of_another_kind_of_model_is_refused(folders, depth_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(folders[0], tmp_path / "model"))
    name_it(folder, {"folder": str(depth_folder), "steps": 3})
    with pytest.raises(InputError, match="another model"):
        load_model(folder, "cpu")


def test_what_is_said_of_it_before_torch_is_there(folders, tmp_path: Path) -> None:
    assert (
        read_few_steps(folders[0]) == 3
        and read_few_steps(folders[1]) == read_few_steps(tmp_path / "none") == read_few_steps("hub/id") == 0
    )
    assert read_few_steps(folders[0], changed=True) == 0
    assert read_few_steps() == read_few_steps("nobody/nothing") == read_few_steps("...") == 0
