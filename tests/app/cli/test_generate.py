"""`rayverie generate` from the command line: the PNG makes itself again, flags win over it, mistakes are one sentence."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from base.errors import InputError
from base.step_schedule import StepSchedule
from diffusion.text2image.metadata import read_png
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


def test_every_step_is_written_when_asked(words, tmp_path) -> None:
    folder = tmp_path / "steps"
    more = ["--size", "32x32", "--steps", "3", "--out", str(tmp_path / "p.png"), "--steps-out", str(folder)]
    assert main([*words, "grass", *more]) == 0
    written = ["latents.safetensors", "step_001.png", "step_002.png", "step_003.png"]
    assert [path.name for path in sorted(folder.iterdir())] == written


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


def test_what_goes_on_inside_is_written_beside_the_same_picture(words, picture, tmp_path) -> None:
    folder, out = tmp_path / "inside", tmp_path / "again.png"
    assert main(["generate", "--from", str(picture), "--out", str(out), "--inside", str(folder)]) == 0
    np.testing.assert_array_equal(pixels(out), pixels(picture))
    assert sorted(path.name for path in folder.iterdir()) == ["blocks.png", "decoder.png", "network.png", "words.png"]
    with Image.open(folder / "blocks.png") as blocks, Image.open(folder / "words.png") as heard:
        assert blocks.height > heard.height > 0 and np.asarray(blocks).std() > 10 and np.asarray(heard).std() > 10


def test_without_gl_the_sheets_are_written_and_what_is_left_out_is_said(
    words, picture, tmp_path, monkeypatch, capsys
) -> None:
    def missing() -> None:
        raise InputError("OpenGL", "", "3.3 could not be started on this machine")

    monkeypatch.setattr("engine.unet_view.still.create_headless_context", missing)
    folder, out = tmp_path / "inside", tmp_path / "again.png"
    assert main(["generate", "--from", str(picture), "--out", str(out), "--inside", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["blocks.png", "decoder.png", "words.png"]
    said = capsys.readouterr().err
    assert "network.png is left out: OpenGL 3.3 could not be started on this machine" in " ".join(said.split())


def test_an_inside_that_cannot_be_written_is_told_before_the_dream(words, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("diffusion.loaders.loading.load_model", lambda *_: pytest.fail("it went on to dream"))
    (tmp_path / "taken").write_text("")
    more = ["--out", str(tmp_path / "p.png"), "--inside", str(tmp_path / "taken")]
    assert main([*words, "grass", *more]) == 2
    assert "blocks.png can't be written" in capsys.readouterr().err


def test_a_lora_changes_the_picture_and_stands_in_it(words, picture, tiny_model, tmp_path, capsys) -> None:
    from safetensors.torch import load_file, save_file

    unet = load_file(tiny_model / "unet" / "diffusion_pytorch_model.safetensors")
    layer = next(name.removesuffix(".weight") for name in unet if name.endswith("attn2.to_v.weight"))
    rows, columns = unet[f"{layer}.weight"].shape
    down, up = unet[f"{layer}.weight"][:1].clone(), unet[f"{layer}.weight"][:, :1].clone()
    assert up.shape[0] == rows and down.shape[1] == columns
    style = tmp_path / "style.safetensors"
    save_file({f"unet.{layer}.lora_A.weight": down, f"unet.{layer}.lora_B.weight": up}, style)
    out, again = tmp_path / "styled.png", tmp_path / "again.png"
    same = ["--size", "64x48", "--steps", "2", "--seed", "5"]
    assert main([*words, "brick wall", *same, "--out", str(out), "--lora", f"{style}:9"]) == 0
    assert (pixels(out) != pixels(picture)).any() and read_png(out).lora == (f"{style}:9",)
    assert f'Lora: "{style}:9"' in Image.open(out).text["parameters"]
    assert main(["generate", "--from", str(out), "--device", "cpu", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()
    tagged = tmp_path / "tagged.png"
    assert main([*words, "brick wall <lora:style:9>", *same, "--out", str(tagged), "--lora", str(tmp_path)]) == 0
    assert (pixels(tagged) == pixels(out)).all() and read_png(tagged).lora == (f"{style}:9",)
    assert main(["generate", "--from", str(tagged), "--device", "cpu", "--out", str(again)]) == 0
    assert again.read_bytes() == tagged.read_bytes()
    assert "no effect" not in capsys.readouterr().err
    style.unlink()
    assert main(["generate", "--from", str(out), "--device", "cpu", "--out", str(again)]) == 2
    assert "style.safetensors is not a file" in capsys.readouterr().err


def test_a_controlnet_sees_a_picture_and_stands_in_the_png(words, picture, tiny_model, tmp_path, capsys) -> None:
    import torch
    from diffusers import ControlNetModel, UNet2DConditionModel

    net = ControlNetModel.from_unet(UNet2DConditionModel.from_pretrained(tiny_model, subfolder="unet"))
    for parameter in net.parameters():
        parameter.data += 0.2 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1))
    net.save_pretrained(tmp_path / "depth")
    hint, out, again = tmp_path / "hint.png", tmp_path / "controlled.png", tmp_path / "again.png"
    Image.linear_gradient("L").save(hint)
    same = ["--size", "64x48", "--steps", "2", "--seed", "5", "--out", str(out)]
    control = ["--control", f"{tmp_path / 'depth'}:1.5"]
    assert main([*words, "brick wall", *same, *control]) == 2
    assert "--control-image is missing" in capsys.readouterr().err
    assert main([*words, "brick wall", *same, *control, "--control-image", str(hint), str(hint)]) == 2
    assert "names 2 pictures for 1 --control" in capsys.readouterr().err
    assert main([*words, "brick wall", *same, *control, "--control-image", str(hint)]) == 0
    assert (pixels(out) != pixels(picture)).any() and read_png(out).control == (control[1],)
    assert main(["generate", "--from", str(out), "--device", "cpu", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()
    capsys.readouterr()
    assert main([*words, "brick wall", *same, "--control-image", str(hint), "--control-end", "0.5"]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "--control-image has no effect: there is no --control." in said
    assert "--control-end has no effect: no ControlNet is loaded." in said
    Image.radial_gradient("L").save(hint)
    assert main(["generate", "--from", str(out), "--device", "cpu", "--out", str(again)]) == 2
    assert "which has changed since" in capsys.readouterr().err


def test_a_style_picture_belongs_to_the_recipe(words, picture, tmp_path, monkeypatch, capsys) -> None:
    """The adapter itself is held against diffusers in tests/diffusion/test_style.py."""
    from diffusion.models.model import Model

    class Adapter:
        tokens = 1

        def rows(self, name: str, weight: float, like):
            seen = float(np.asarray(Image.open(name)).mean()) / 255 if name else 0.0
            return like.new_full((1, 2, like.shape[-1]), seen * weight)

    style, out, again = tmp_path / "style.png", tmp_path / "styled.png", tmp_path / "again.png"
    Image.new("RGB", (8, 8), "grey").save(style)
    same = ["--size", "64x48", "--steps", "2", "--seed", "5", "--out", str(out), "--style-picture", str(style)]
    assert main([*words, "brick <style:gone.png> wall", *same]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "--style-picture has no effect: no IP-Adapter is loaded." in said
    assert "<style:gone.png> in a prompt has no effect: there is no --ip-adapter." in said
    assert main([*words, "brick wall", *same, "--ip-adapter", "gone.safetensors"]) == 2
    assert "--ip-adapter: gone.safetensors is not a file" in capsys.readouterr().err
    (tmp_path / "a.safetensors").touch()
    monkeypatch.setattr("diffusion.loaders.stable_diffusion.load_style", lambda *_: Adapter())
    adapted = ["--ip-adapter", str(tmp_path / "a.safetensors")]
    assert main([*words, "brick <style:gone.png> wall", *same, *adapted]) == 2
    assert "gone.png" in capsys.readouterr().err
    assert main([*words, "brick wall", *same, *adapted]) == 0
    assert read_png(out).adapter == adapted[1] and list(read_png(out).files) == ["style.0"]
    assert main(["generate", "--from", str(out), "--device", "cpu", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()
    style.unlink()
    assert main(["generate", "--from", str(out), "--device", "cpu", "--out", str(again)]) == 2
    assert "style.png" in capsys.readouterr().err and Model.style is None


def test_markup_is_no_word_and_an_unknown_lora_is_one_warning(words, tmp_path, capsys) -> None:
    pictures = []
    for place, prompt in enumerate(["red <lora:moss:0.8> wall", "red  wall", "red (wall:1.6)", r"red \(wall:1.6\)"]):
        out = tmp_path / f"{place}.png"
        assert main([*words, prompt, "--size", "64x48", "--steps", "2", "--out", str(out)]) == 0
        said = " ".join(capsys.readouterr().err.split())
        assert said.count("<lora:moss> in a prompt has no effect") == (1 if place == 0 else 0)
        pictures.append(pixels(out))
    assert (pictures[0] == pictures[1]).all()
    assert (pictures[1] != pictures[2]).any() and (pictures[2] != pictures[3]).any()


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


def test_several_pictures_are_a_folder_and_a_sheet(words, tmp_path, capsys) -> None:
    small = ["--size", "64x48", "--steps", "2"]
    assert main([*words, "grass", *small, "--seed", "7", "--count", "3", "--out", str(tmp_path / "a.png")]) == 0
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["seed_7.png", "seed_8.png", "seed_9.png", "sheet.png"]
    assert main([*words, "grass", *small, "--seeds", "9, 7", "--out", str(tmp_path / "b")]) == 0
    assert sorted(p.name for p in (tmp_path / "b").iterdir()) == ["seed_7.png", "seed_9.png", "sheet.png"]
    alone = tmp_path / "alone.png"
    assert main([*words, "grass", *small, "--seed", "9", "--out", str(alone)]) == 0
    for made in (tmp_path / "a" / "seed_9.png", tmp_path / "b" / "seed_9.png"):
        assert made.read_bytes() == alone.read_bytes()
    sheet, first = pixels(tmp_path / "b" / "sheet.png"), pixels(alone)
    assert (sheet[18:66, 4:68] == first).all()  # the first picture, below its label
    assert (
        main(["generate", "--from", str(alone), "--seeds", "9", "--device", "cpu", "--out", str(tmp_path / "c")]) == 0
    )
    assert (tmp_path / "c" / "seed_9.png").read_bytes() == alone.read_bytes()


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--seeds", "1,x"], "--seeds is '1,x'; it must be numbers from 0"),
        (["--seeds", "1,,2"], "it must be numbers"),
        (["--seeds", "9" * 5000], "it must be numbers"),
        (["--seeds", f"{2**31}"], "it must be numbers"),
        (["--seeds", "1,2", "--count", "2"], "--count both say"),
        (["--count", "0"], "--count is 0; allowed is 1"),
        (["--count", "2", "--steps-out", "steps"], "--steps-out shows one picture"),
        (["--capture", "5", "--steps", "3"], "--capture is 5; allowed is 1 to 3"),
        (["--capture", "1", "--steps", "4", "--init", WALL, "--strength", "0.5"], "--capture is 1; allowed is 3 to 4"),
    ],
)
def test_what_can_not_be_several_is_one_sentence(words, tmp_path, monkeypatch, capsys, flags, reason) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*words, "grass", *flags]) == 2
    assert reason in " ".join(capsys.readouterr().err.split()) and not list(tmp_path.iterdir())


def test_another_start_noise_is_another_picture_and_stands_in_it(words, picture, tmp_path) -> None:
    out, again = tmp_path / "pink.png", tmp_path / "again.png"
    same = ["--size", "64x48", "--steps", "2", "--seed", "5"]
    assert main([*words, "brick wall", *same, "--start-noise", "pink", "--out", str(out)]) == 0
    assert (pixels(out) != pixels(picture)).any() and read_png(out).settings.start_noise == "pink"
    assert main(["generate", "--from", str(out), "--device", "cpu", "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()


def test_capture_shows_the_prediction_of_that_step(words, tmp_path) -> None:
    steps, out = tmp_path / "steps", tmp_path / "p.png"
    small = ["--size", "64x48", "--steps", "3", "--out", str(out)]
    assert main([*words, "grass", *small, "--capture", "2", "--steps-out", str(steps)]) == 0
    assert (pixels(out) == pixels(steps / "step_002.png")[:48]).all()
    assert (pixels(out) != pixels(steps / "step_003.png")[:48]).any()


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


def test_several_pictures_go_together_in_groups(words, tmp_path, capsys) -> None:
    out, alone = tmp_path / "many", tmp_path / "alone.png"
    small = ["brick wall", "--size", "32x32", "--steps", "2"]
    assert main([*words, *small, "--count", "3", "--together", "2", "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["seed_0.png", "seed_1.png", "seed_2.png", "sheet.png"]
    assert main([*words, *small, "--seed", "1", "--together", "2", "--out", str(alone)]) == 0
    assert "--together has no effect: there is one picture." in capsys.readouterr().err
    assert np.abs(pixels(alone).astype(int) - pixels(out / "seed_1.png")).max() <= 1
