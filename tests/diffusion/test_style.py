"""IP-Adapters: as diffusers' own pipelines, one picture for each prompt, and refused where they don't fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline, UNet2DConditionModel
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from base.errors import InputError
from base.step_schedule import StepSchedule
from diffusion.canvas import Region
from diffusion.denoisers.inert import Situation, find_inert
from diffusion.denoisers.styles import add_style_tags
from diffusion.dream import dream
from diffusion.loaders.loading import load_model
from diffusion.loaders.prompt_loras import style_remarks
from diffusion.models.prompt_syntax import parse_prompt
from scenes.style_tags import with_absolute_styles, with_relative_styles
from tests.diffusion.pipelines import SETTINGS, run_pipeline


def write_adapter(folder: Path, model: Path, plus: bool = False) -> Path:
    """An IP-Adapter with random weights for a pipeline's U-Net, and its image encoder."""
    torch.manual_seed(4)
    unet: Any = UNet2DConditionModel.from_pretrained(model, subfolder="unet")
    width = unet.config.cross_attention_dim
    config = CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8,
        projection_dim=12,
    )  # fmt: skip
    CLIPVisionModelWithProjection(config).save_pretrained(folder / "image_encoder")
    tensors = {
        "image_proj.proj.weight": torch.randn(4 * width, 12),
        "image_proj.proj.bias": torch.randn(4 * width),
        "image_proj.norm.weight": torch.ones(width),
        "image_proj.norm.bias": torch.randn(width) * 0.1,
    }
    if plus:
        tensors = {f"image_proj.{name}": tensor for name, tensor in plus_projection(width).items()}
    crossed = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    for place, name in enumerate(crossed):
        attention = unet.get_submodule(name.removesuffix(".processor"))
        for part in "kv":
            shape = getattr(attention, f"to_{part}").weight.shape
            tensors[f"ip_adapter.{2 * place + 1}.to_{part}_ip.weight"] = torch.randn(shape) * 0.3
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "adapter.safetensors")
    return folder / "adapter.safetensors"


def plus_projection(width: int) -> dict[str, torch.Tensor]:
    """The image projection of a plus adapter by the names in its files: a resampler of four layers, each two heads of 64."""
    heads, inner = 2, 128
    shapes = {
        "latents": (1, 5, inner), "proj_in.weight": (inner, 16), "proj_in.bias": (inner,),
        "proj_out.weight": (width, inner), "proj_out.bias": (width,), "norm_out.weight": (width,), "norm_out.bias": (width,),
    }  # fmt: skip
    for layer in range(4):
        attention, feed = f"layers.{layer}.0", f"layers.{layer}.1"
        shapes |= {f"{attention}.norm{n}.{kind}": (inner,) for n in (1, 2) for kind in ("weight", "bias")}
        shapes |= {f"{attention}.to_q.weight": (64 * heads, inner), f"{attention}.to_kv.weight": (128 * heads, inner)}
        shapes |= {f"{attention}.to_out.weight": (inner, 64 * heads)}
        shapes |= {f"{feed}.0.weight": (inner,), f"{feed}.0.bias": (inner,)}
        shapes |= {f"{feed}.1.weight": (4 * inner, inner), f"{feed}.3.weight": (inner, 4 * inner)}
    return {name: 0.2 * torch.randn(shape) for name, shape in shapes.items()}


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "moss.png")
    return tmp_path / "moss.png"


@pytest.mark.parametrize(("family", "plus"), [("sd1", False), ("sd2", True), ("xl", False)])
def test_a_styled_run_as_in_diffusers(request, tmp_path, canvas_of, picture, family, plus) -> None:
    folder = request.getfixturevalue(f"{family}_folder")
    adapter = write_adapter(tmp_path / "ip", folder, plus)
    model = load_model(folder, "cpu", adapter=str(adapter))
    canvas = canvas_of(model, (8, 16))
    canvas = replace(canvas, regions=(replace(canvas.regions[0], prompt="moss on it"),))
    ours = dream(model, canvas, replace(SETTINGS, style_picture=str(picture), style_strength=0.7)).latents
    tagged = replace(canvas, regions=(replace(canvas.regions[0], prompt=f"moss on it<style:{picture}:0.7>"),))
    assert np.allclose(dream(model, tagged, SETTINGS).latents, ours, atol=1e-6)

    kind = StableDiffusionXLPipeline if family == "xl" else StableDiffusionPipeline
    pipe: Any = kind.from_pretrained(folder, local_files_only=True)
    pipe.load_ip_adapter(str(tmp_path), subfolder="ip", weight_name="adapter.safetensors", local_files_only=True)
    pipe.set_ip_adapter_scale(0.7)
    theirs = run_pipeline(
        pipe,
        model,
        canvas.noise,
        "moss on it",
        ip_adapter_image=Image.open(picture),
    )
    assert np.allclose(ours, theirs[0], atol=2e-5, rtol=2e-4)
    assert np.abs(ours - dream(model, canvas, SETTINGS).latents).max() > 1e-2


def test_each_region_follows_its_own_picture(sd_folder, tmp_path, canvas_of, picture) -> None:
    model = load_model(sd_folder, "cpu", adapter=str(write_adapter(tmp_path / "ip", sd_folder)))
    plain = load_model(sd_folder, "cpu")
    canvas = canvas_of(model, (8, 16), 2)
    one, other = canvas.regions
    tagged = replace(canvas, regions=(replace(one, prompt=f"{one.prompt}<style:{picture}>"), other))
    for execution in ("attention", "sequential"):
        settings = replace(SETTINGS, steps=1, execution=execution, scale=2.0)
        before, after = dream(plain, canvas, settings).latents, dream(model, tagged, settings).latents
        assert np.allclose(dream(model, canvas, settings).latents, before, atol=1e-5)  # no picture, no change
        assert np.abs(after - before)[..., :8].max() > 1e-2
    assert np.allclose(after[..., 8:], before[..., 8:], atol=1e-5)  # sequential: each region is a call of its own
    off = replace(SETTINGS, style_strength=StepSchedule(((0.0, 0.0), (1.0, 0.0))))
    assert np.allclose(dream(model, tagged, off).latents, dream(plain, canvas, off).latents, atol=1e-5)
    filtered = replace(SETTINGS, embedding_turn=0.5, window=64)
    assert np.isfinite(dream(model, tagged, filtered).latents).all()


def test_the_other_branches_hear_no_picture_at_the_same_weight() -> None:
    texts = {"positive": "moss <style:a b.png:0.4>", "negative": "zebra", "empty": ""}
    heard = {name: parse_prompt(text).styles for name, text in add_style_tags(texts, "all.png").items()}
    assert heard == {"positive": (("a b.png", 0.4),), "negative": (("", 0.4),), "empty": (("", 0.4),)}
    assert add_style_tags({"positive": "moss"}, "all.png") == {"positive": "moss<style:all.png:1>"}
    assert add_style_tags({"positive": "moss"}, "") == {"positive": "moss"}
    assert parse_prompt("red <style:C:/a(1).png:0.5> wall").chunks == parse_prompt("red  wall").chunks


def test_a_scene_names_pictures_beside_it(tmp_path) -> None:
    (tmp_path / "moss.png").touch()
    prompt = "moss <style:moss.png:0.5>, <style:other.png>, <style::1>"
    full = with_absolute_styles(prompt, tmp_path)
    assert full == f"moss <style:{tmp_path / 'moss.png'}:0.5>, <style:other.png>, <style::1>"
    assert with_relative_styles(full, tmp_path) == prompt and with_relative_styles(full, tmp_path / "x") == full


def test_settings_and_tags_without_an_adapter_are_named(sd, canvas_of, picture) -> None:
    assert {"style_picture", "style_strength"} <= find_inert(SETTINGS, Situation()).keys()
    alone = Situation(adapter=True, style_tags=False)
    assert "style_strength" in find_inert(SETTINGS, alone) and "style_picture" not in find_inert(SETTINGS, alone)
    assert "style_strength" not in find_inert(replace(SETTINGS, style_picture="x.png"), alone)
    assert style_remarks(["a <style:x.png:0.3>"], True) == ()
    assert style_remarks(["a <style:x.png:0.3>"], False)[0].startswith("<style:x.png> in a prompt has no effect")
    plain = canvas_of(sd)
    tagged = replace(plain, regions=(Region(f"a<style:{picture}>", plain.regions[0].mask),))
    assert (dream(sd, plain, SETTINGS).latents == dream(sd, tagged, SETTINGS).latents).all()


def test_what_does_not_fit_is_refused(sd_folder, sd1_folder, tmp_path, canvas_of, picture) -> None:
    adapter = write_adapter(tmp_path / "ip", sd_folder)

    def refused(name: object, model: Path = sd_folder) -> str:
        with pytest.raises(InputError) as caught:
            load_model(model, "cpu", adapter=str(name))
        return str(caught.value)

    assert "is not a file" in refused("nothing.safetensors")
    assert "is no .safetensors file" in refused(picture)
    assert "another family" in refused(adapter, sd1_folder)
    save_file({"a": torch.ones(2)}, tmp_path / "other.safetensors")
    assert "is no IP-Adapter" in refused(tmp_path / "other.safetensors")
    tensors = load_file(adapter)
    lone = tmp_path / "a" / "b" / "lone.safetensors"
    lone.parent.mkdir(parents=True)
    save_file(tensors, lone)
    assert "image_encoder is missing" in refused(lone)
    tensors["ip_adapter.1.to_k_ip.weight"][0, 0] = float("nan")
    save_file(tensors, adapter)
    assert "NaN or infinite" in refused(adapter)
    model = load_model(sd_folder, "cpu", adapter=str(write_adapter(tmp_path / "ip", sd_folder)))
    with pytest.raises(InputError, match="is not a file"):
        dream(model, canvas_of(model), replace(SETTINGS, style_picture="gone.png"))
