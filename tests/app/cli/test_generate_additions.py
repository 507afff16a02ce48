"""`rayverie generate` with LoRAs, ControlNets and IP-Adapters: they change the picture and stand in its recipe."""

from __future__ import annotations

import numpy as np
from PIL import Image

from app.__main__ import main
from diffusion.text2image.metadata import read_png
from tests.app.cli.conftest import pixels


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
