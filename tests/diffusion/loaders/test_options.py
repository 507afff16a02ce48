"""Other autoencoders for a model, its numbers, attention in slices, compilation; each against the model without."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch.nn import functional as F

from base.errors import InputError
from diffusion.dream import dream
from diffusion.loaders.loading import load_model
from diffusion.loaders.options import LoadOptions, option_remarks
from diffusion.loaders.running import place_text_encoder, refuse_uncompiled
from diffusion.settings import DreamSettings


@pytest.fixture(scope="module")
def finetuned(sd_folder, tmp_path_factory) -> Path:
    """The model's autoencoder with a changed decoder, and an encoder that differs a little, as a distilled one does."""
    vae = AutoencoderKL.from_pretrained(sd_folder, subfolder="vae", local_files_only=True)
    with torch.no_grad():
        vae.decoder.conv_out.bias.add_(0.5)
        vae.encoder.conv_out.bias.add_(1e-3)
    vae.save_pretrained(folder := tmp_path_factory.mktemp("finetuned"))
    return folder


def loaded(folder, **options):
    return load_model(folder, "cpu", options=LoadOptions(**options))


def latents_of(model):
    return torch.randn((1, model.channels, 16, 16), generator=torch.Generator().manual_seed(0))


def test_another_autoencoder_decodes_everything_and_stays_in_the_same_world(sd, sd_folder, finetuned) -> None:
    model, latents = loaded(sd_folder, vae=str(finetuned)), latents_of(sd)
    assert model.space == sd.space and model.id != sd.id and model.channels == sd.channels
    assert torch.allclose(model.decode_tensor(latents), sd.decode_tensor(latents) + 0.5, atol=1e-5)
    assert np.array_equal(model.preview(latents[0]), model.decode(latents[0, :, ::2, ::2]))


def test_an_autoencoder_for_previews_changes_nothing_else(sd, sd_folder, finetuned) -> None:
    model, latents = loaded(sd_folder, preview_vae=str(finetuned)), latents_of(sd)
    assert model.id == sd.id and torch.equal(model.decode_tensor(latents), sd.decode_tensor(latents))
    assert not np.array_equal(model.preview(latents[0]), sd.preview(latents[0]))
    assert np.array_equal(model.preview(latents[0]), loaded(sd_folder, vae=str(finetuned)).preview(latents[0]))


@pytest.mark.parametrize("largest", ["1GB", "40KB"], ids=["one file", "several files"])
def test_weights_that_are_not_averaged_are_read_on_request(largest: str, sd, sd_folder, tmp_path) -> None:
    """The variant `non_ema`, as pipelines of Stable Diffusion have it. It changes nothing for those who don't ask."""
    shutil.copytree(sd_folder, folder := tmp_path / sd_folder.name)
    with pytest.raises(InputError, match="unet has no raw weights"):
        loaded(folder, weights="raw")
    other = UNet2DConditionModel.from_pretrained(sd_folder, subfolder="unet", local_files_only=True)
    with torch.no_grad():
        other.conv_out.bias.add_(1.0)
    other.save_pretrained(folder / "unet", variant="non_ema", max_shard_size=largest)
    usual, raw = loaded(folder), loaded(folder, weights="raw")
    assert usual.id == sd.id and raw.id != sd.id
    assert torch.equal(usual.unet.conv_out.bias, sd.unet.conv_out.bias)
    assert torch.equal(raw.unet.conv_out.bias, sd.unet.conv_out.bias + 1)
    (tmp_path / "file.safetensors").write_bytes(b"")
    with pytest.raises(InputError, match="--weights is raw"):
        loaded(tmp_path / "file.safetensors", weights="raw")


def test_half_precision_weights_may_be_split(sd, sd_folder, tmp_path) -> None:
    shutil.copytree(sd_folder, folder := tmp_path / sd_folder.name)
    other = UNet2DConditionModel.from_pretrained(sd_folder, subfolder="unet", local_files_only=True).half()
    for file in (folder / "unet").glob("*.safetensors"):
        file.unlink()
    other.save_pretrained(folder / "unet", variant="fp16", max_shard_size="40KB")
    assert torch.equal(loaded(folder).unet.conv_out.bias, sd.unet.conv_out.bias.half().float())


def test_a_whole_pipeline_folder_may_name_an_autoencoder(sd, sd_folder) -> None:
    model, latents = loaded(sd_folder, vae=str(sd_folder)), latents_of(sd)
    assert torch.equal(model.decode_tensor(latents), sd.decode_tensor(latents))


@pytest.mark.parametrize("flag", ["vae", "preview_vae"])
def test_what_does_not_fit_is_refused(flag, sd_folder, wide_folder, sd1_folder, surface_folder, tmp_path) -> None:
    doubled = shutil.copytree(sd_folder / "vae", tmp_path / "doubled")
    config = (doubled / "config.json").read_text()
    (doubled / "config.json").write_text(config.replace("0.18215", "0.3643"))
    refused = {
        str(tmp_path / "none"): "is not a folder; nothing is downloaded",
        str(tmp_path): "has no config.json",
        str(wide_folder): "has 16 latent channels, and the model's latents have 4",
        str(doubled): "has another latent space",
        str(sd1_folder): "has another latent space",
        str(surface_folder): "is SurfaceAutoencoder; AutoencoderKL and AutoencoderTiny work",
    }
    for name, problem in refused.items():
        with pytest.raises(InputError, match=problem):
            loaded(sd_folder, **{flag: name})


def test_the_autoencoder_of_a_model_that_knows_surfaces_stays(surface_folder, sd_folder) -> None:
    with pytest.raises(InputError, match="which knows surfaces"):
        loaded(surface_folder, vae=str(sd_folder))


def test_numbers_of_the_network(sd, sd_folder, surface_folder, canvas_of) -> None:
    model = loaded(sd_folder, dtype="bfloat16")
    assert model.unet.dtype == torch.bfloat16 == model.context(["moss"])[0].dtype and model.vae.dtype == torch.float32
    settings, canvas = DreamSettings(steps=2), canvas_of(sd, prompts=2)
    exact, coarse = (dream(m, canvas, settings).latents for m in (sd, model))
    assert 0 < np.abs(exact - coarse).mean() < 0.05 * np.abs(exact).mean()
    assert loaded(surface_folder, dtype="float16").unet.dtype == torch.float16


@pytest.mark.parametrize("family", ["sd_folder", "xl_folder"])
def test_attention_in_slices_gives_the_same(family, request, canvas_of, monkeypatch) -> None:
    folder = request.getfixturevalue(family)
    whole, sliced = load_model(folder, "cpu"), loaded(folder, attention_slicing=True)
    rows = []
    spy = SimpleNamespace(**vars(F))
    spy.scaled_dot_product_attention = lambda q, k, v: rows.append(q) or F.scaled_dot_product_attention(q, k, v)
    monkeypatch.setattr("diffusion.models.attention.F", spy)
    monkeypatch.setattr("diffusion.models.attention.SLICE", 100)
    canvas, settings = canvas_of(whole, prompts=2), DreamSettings(steps=2, window=64)
    ours = dream(sliced, canvas, settings).latents
    assert max(part.shape[0] * part.shape[1] * part.shape[2] for part in rows) <= 100
    monkeypatch.undo()
    assert np.allclose(ours, dream(whole, canvas, settings).latents, atol=1e-4)


def test_compilation_is_asked_of_all_networks_once(sd_folder, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr("torch.nn.Module.compile", lambda net: asked.append(type(net).__name__))
    loaded(sd_folder, compile=True)
    assert asked == ["UNet2DConditionModel"]
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(InputError, match=r"--compile needs a C\+\+ compiler"):
        refuse_uncompiled(LoadOptions(compile=True), torch.device("cpu"))


def test_devices_are_checked(sd_folder) -> None:
    with pytest.raises(InputError, match="--vae-device quantum is not usable here"):
        loaded(sd_folder, vae_device="quantum")
    with pytest.raises(InputError, match="--text-device quantum is not usable here"):
        loaded(sd_folder, text_device="quantum")


def test_a_text_encoder_on_a_device_of_its_own_computes_in_float32() -> None:
    card, processor, half = torch.device("cuda"), torch.device("cpu"), torch.float16
    assert place_text_encoder(LoadOptions(), card, half) == (card, half)
    assert place_text_encoder(LoadOptions(text_device="cpu"), card, half) == (processor, torch.float32)
    assert place_text_encoder(LoadOptions(text_device="cpu"), processor, torch.bfloat16) == (processor, torch.bfloat16)


def test_the_network_gets_contexts_in_its_own_numbers_wherever_they_come_from(sd, sd_folder, monkeypatch) -> None:
    where = torch.device("cpu"), torch.float32
    monkeypatch.setattr("diffusion.loaders.stable_diffusion.place_text_encoder", lambda *_: where)
    model = loaded(sd_folder, dtype="bfloat16")
    assert model.text.clips[0].model.dtype == torch.float32 and model.unet.dtype == torch.bfloat16
    (context,), (exact,) = model.context(["a b"]), sd.context(["a b"])
    assert context.dtype == torch.bfloat16 and torch.equal(context, exact.bfloat16())


def test_what_has_no_effect_is_said(sd, surface) -> None:
    told = LoadOptions(vae_device="cpu", text_device="cpu", attention_slicing=True, preview_vae="tiny")
    assert [words.split()[0] for words in option_remarks(told, surface, previews=False)] == [
        "--preview-vae",
        "--attention-slicing",
        "--vae-device",
        "--text-device",
    ]
    assert len(option_remarks(LoadOptions(text_device="cpu"), sd, previews=True)) == 1
    assert option_remarks(LoadOptions(attention_slicing=True, preview_vae="tiny"), sd, previews=True) == []
