"""`rayverie generate` from the command line: the PNG makes itself again, flags win over it, mistakes are one sentence."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from base.step_schedule import StepSchedule
from diffusion.text2image.metadata import read_png
from tests.app.cli.conftest import WALL, pixels


def test_a_picture_makes_itself_again(picture, tmp_path) -> None:
    again = tmp_path / "again.png"
    assert main(["generate", "--from", str(picture), "--device", "cpu", "--out", str(again)]) == 0
    assert again.read_bytes() == picture.read_bytes()
    assert pixels(picture).shape == (48, 64, 3)


def test_flags_win_over_the_picture(picture, tmp_path) -> None:
    other = tmp_path / "other.png"
    assert main(["generate", "--from", str(picture), "--device", "cpu", "--seed", "6", "--out", str(other)]) == 0
    assert pixels(other).shape == pixels(picture).shape
    assert (pixels(other) != pixels(picture)).any()


def test_the_picture_keeps_how_its_model_was_loaded(words, tiny_model, tmp_path, capsys) -> None:
    out, again, plain = tmp_path / "a.png", tmp_path / "b.png", tmp_path / "c.png"
    told = ["--dtype", "bfloat16", "--vae", str(tiny_model), "--vae-device", "cpu"]
    small = ["brick wall", "--size", "32x32", "--steps", "2"]
    assert main([*words, *small, *told, "--out", str(out)]) == 0
    assert "--vae-device has no effect: the network runs there, too." in capsys.readouterr().err
    assert read_png(out).options.dtype == "bfloat16"
    assert main(["generate", "--from", str(out), "--device", "cpu", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()
    assert main([*words, *small, "--out", str(plain)]) == 0 and (pixels(plain) != pixels(out)).any()


def test_what_a_black_mask_keeps_is_the_picture_itself(words, picture, tmp_path) -> None:
    mask = np.zeros((48, 64), np.uint8)
    mask[:, 32:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    more = ["--init", str(picture), "--mask", str(tmp_path / "mask.png"), "--size", "64x48", "--steps", "2"]
    out = tmp_path / "inpainted.png"
    assert main([*words, "snow", *more, "--out", str(out)]) == 0
    np.testing.assert_array_equal(pixels(out)[:, :32], pixels(picture)[:, :32])
    assert (pixels(out)[:, 32:] != pixels(picture)[:, 32:]).any()


def test_a_matched_prompt_is_shown_and_is_what_the_picture_says_of_itself(words, tmp_path, capsys) -> None:
    out = tmp_path / "p.png"
    small = ["--size", "32x32", "--steps", "1", "--out", str(out), "--match", "3"]
    assert main([*words, "a wall of bricks", *small]) == 0
    shown = [line for line in capsys.readouterr().err.splitlines() if re.match(r"[→ ] 0\.\d\d ", line)]
    assert len(shown) == 3
    prompt = read_png(out).settings.prompt
    assert "brick" in prompt
    assert shown[0].endswith(prompt)
    assert shown[0].startswith("→")
    assert main([*words, "quarterly tax return", *small]) == 0
    assert "far from all that the model has seen" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ([], ("PROMPT", "missing")),
        (["wall", "--out", "wall.jpg"], ("--out", "wall.jpg", ".png")),
        (["wall", "--size", "8x9000"], ("--size", "WIDTHxHEIGHT")),
        (["wall", "--scale", "99"], ("--scale", "99", "20")),
        (["wall", "--memory", "none"], ("--memory",)),
        (["wall", "--init", "nowhere.png"], ("--init", "nowhere.png")),
        (["wall", "--init", "."], ("--init", "is a folder")),
        (["wall", "--init", WALL, "--mask", "nowhere.png"], ("--mask", "nowhere.png")),
        (["wall", "--mask", WALL], ("--mask", "needs --init")),
        (["wall", "--size", "8192x64"], ("--size", "4096")),
        (["wall", "--steps-out", f"{WALL}/steps"], ("step_001.png", "can't be written")),
        (["--from", "nowhere.png"], ("nowhere.png",)),
    ],
)
def test_mistakes_are_told_before_a_model_is_loaded(
    words, more: list[str], named: tuple[str, ...], tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.setattr("diffusion.loaders.loading.load_model", lambda *_: pytest.fail("it went on to dream"))
    monkeypatch.chdir(tmp_path)
    assert main([*words, *more]) == 2
    said = capsys.readouterr().err
    assert all(word in said for word in named), said
    assert list(tmp_path.iterdir()) == []


def test_a_picture_without_a_recipe_or_of_another_model_is_refused(picture, tiny_model, tmp_path, capsys) -> None:
    plain = tmp_path / "plain.png"
    Image.fromarray(pixels(picture)).save(plain)
    assert main(["generate", "--from", str(plain)]) == 2
    assert "carries no Rayverie settings" in capsys.readouterr().err
    before = picture.read_bytes()
    shutil.copytree(tiny_model, tmp_path / "model")
    assert main(["generate", "a", "--model", str(tmp_path / "model"), "--steps", "1", "--out", str(picture)]) == 0
    (tmp_path / "model" / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    assert main(["generate", "--from", str(picture), "--out", str(tmp_path / "x.png")]) == 2
    assert "unet" in capsys.readouterr().err
    assert picture.read_bytes() != before
    assert not (tmp_path / "x.png").exists()


def test_what_cannot_be_written_is_told_before_the_dream(words, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("diffusion.loaders.loading.load_model", lambda *_: pytest.fail("it went on to dream"))
    (tmp_path / "taken").write_text("")
    assert main([*words, "grass", "--out", str(tmp_path / "taken" / "p.png")]) == 2
    assert "p.png can't be written" in capsys.readouterr().err


def test_a_scheduled_scale_is_kept_in_the_picture(words, tmp_path, capsys) -> None:
    out, again = tmp_path / "p.png", tmp_path / "again.png"
    small = ["--size", "64x48", "--steps", "3", "--guidance-start", "0"]
    assert main([*words, "grass", *small, "--scale", "0:9, 0.5:-3.5 stepped", "--out", str(out)]) == 0
    recipe = read_png(out).settings.dream
    assert recipe.scale == StepSchedule(((0.0, 9.0), (0.5, -3.5)), stepped=True)
    assert 'CFG scale: "0:9, 0.5:-3.5 stepped"' in Image.open(out).text["parameters"]
    assert main(["generate", "--from", str(out), "--device", "cpu", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()
    assert main([*words, "grass", *small, "--scale", "-5", "--out", str(again)]) == 0
    assert read_png(again).settings.dream.scale == -5.0
    capsys.readouterr()
    for wrong, reason in (
        ("0:7, 0:3", "places of a schedule must rise"),
        ("0:99", "allowed is -20"),
        ("x", "points like"),
    ):
        assert main([*words, "grass", *small, "--scale", wrong, "--out", str(again)]) == 2
        assert reason in " ".join(capsys.readouterr().err.split())


def test_another_start_noise_is_another_picture_and_stands_in_it(words, picture, tmp_path) -> None:
    out, again = tmp_path / "pink.png", tmp_path / "again.png"
    same = ["--size", "64x48", "--steps", "2", "--seed", "5"]
    assert main([*words, "brick wall", *same, "--start-noise", "pink", "--out", str(out)]) == 0
    assert (pixels(out) != pixels(picture)).any() and read_png(out).settings.start_noise == "pink"
    assert main(["generate", "--from", str(out), "--device", "cpu", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()


def test_a_picture_has_the_models_own_size_if_none_is_asked_for(words, tmp_path) -> None:
    out = tmp_path / "picture.png"
    assert main([*words, "brick wall", "--steps", "1", "--out", str(out)]) == 0
    assert pixels(out).shape == (64, 64, 3)


@pytest.mark.parametrize("value", ["moss:nan", "moss:1e99", "moss:-inf", "moss:11", ":1"])
def test_a_further_prompt_without_a_usable_weight_is_refused(words, tmp_path, capsys, value: str) -> None:
    assert main([*words, "wall", "--further", value, "--out", str(tmp_path / "o.png")]) == 2
    assert f"--further is {value!r}; it must be PROMPT:WEIGHT" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "remark"),
    [
        (["--surface", "floor"], "--surface has no effect: "),
        (["--mask-blur", "3"], "--mask-blur has no effect: there is no --mask."),
        (["--view", "rotate_90"], "--view has no effect: there is no --anagram."),
        (["--match-temperature", "0.5"], "--match-temperature has no effect: there is no --match."),
        (["--execution", "batched"], "--execution has no effect: there is one prompt."),
    ],
)
def test_flags_without_effect_are_named(words, picture, tmp_path, capsys, flags: list[str], remark: str) -> None:
    out = tmp_path / "o.png"
    same = ["brick wall", "--size", "64x48", "--steps", "2", "--seed", "5"]
    assert main([*words, *same, *flags, "--out", str(out)]) == 0
    assert remark in " ".join(capsys.readouterr().err.split())
    assert (pixels(out) == pixels(picture)).all()


@pytest.mark.parametrize(("surface", "told"), [("sky", False), ("none", False), ("floor", True)])
def test_a_distance_without_a_surface_is_named(surface: str, told: bool) -> None:
    from types import SimpleNamespace

    from app.cli.generate import picture_remarks
    from app.commands import Generate
    from diffusion.text2image.recipe import GenerateSettings

    asked = Generate(GenerateSettings("wall", surface=surface, distance=7.0))
    assert bool(picture_remarks(asked, SimpleNamespace(id="x", knows_surfaces=True, controls=(), style=None))) == (
        not told
    )


def test_a_picture_in_phases_makes_itself_again(words, tmp_path, capsys) -> None:
    out, again = tmp_path / "a.png", tmp_path / "b.png"
    small = ["brick wall", "--size", "64x64", "--steps", "2", "--phases", "2"]
    assert main([*words, *small, "--mix-alpha", "2", "--dilate", "2", "--out", str(out)]) == 0
    assert "--dilate has no effect: each of the --phases has its own." in capsys.readouterr().err
    assert main(["generate", "--from", str(out), "--device", "cpu", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()
    assert main([*words, *small, "--steps-out", str(tmp_path / "s"), "--out", str(out)]) == 2
    assert "--steps-out shows one canvas; leave out --phases." in capsys.readouterr().err


def test_a_start_picture_is_asked_for_and_part_of_the_recipe(words, tmp_path, capsys) -> None:
    out, again = tmp_path / "a.png", tmp_path / "b.png"
    small = ["brick wall", "--size", "32x32", "--steps", "2", "--out", str(out)]
    assert main([*words, *small, "--start-noise", "picture"]) == 2
    assert "--start-picture is missing" in capsys.readouterr().err
    assert main([*words, *small, "--start-picture", WALL, "--mask-form", "lighten"]) == 0
    said = capsys.readouterr().err
    assert "--start-picture has no effect" in said and "--mask-form has no effect" in said
    assert main([*words, *small, "--start-noise", "picture", "--start-picture", WALL]) == 0
    assert set(read_png(out).files) == {"start_picture"}
    assert main(["generate", "--from", str(out), "--device", "cpu", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()
