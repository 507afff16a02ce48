"""What lies on disk is told from configurations and headers alone: kind, family, size, precision, what is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import AutoencoderKL, ControlNetModel
from safetensors.torch import save_file

from base.errors import InputError
from diffusion.library.facts import Facts
from diffusion.library.listing import facts_within, find_listed, list_models, refuse_unregistrable
from diffusion.library.memory import estimate_bytes
from diffusion.library.read_facts import OURS, read_facts
from diffusion.library.weight_files import choose_files, choose_weights, missing_shards
from diffusion.loaders.embedded import EMBEDDED
from diffusion.loaders.loading import load_model


def facts_of(path: Path) -> Facts:
    facts = read_facts(path)
    assert facts is not None
    return facts


def test_the_embedded_model_is_known_without_loading_it() -> None:
    facts = facts_of(EMBEDDED)
    assert (facts.kind, facts.family, facts.precision, facts.native, facts.usable) == (
        "model",
        OURS,
        "float16",
        256,
        True,
    )
    assert facts.bytes == pytest.approx(26.1e6, rel=0.01) and [part.name for part in facts.parts] == ["unet", "vae"]


@pytest.mark.parametrize(
    ("folder", "family"),
    [
        ("sd1_folder", "Stable Diffusion 1.x"),
        ("sd2_folder", "Stable Diffusion 2.x"),
        ("xl_folder", "Stable Diffusion XL"),
    ],
)
def test_parameters_are_those_of_the_loaded_networks(request: pytest.FixtureRequest, folder: str, family: str) -> None:
    path = request.getfixturevalue(folder)
    facts, model = facts_of(path), load_model(path, "cpu")
    assert (facts.family, facts.precision, facts.usable) == (family, "float32", True)
    counts = {part.name: part.parameters for part in facts.parts}
    assert counts["unet"] == sum(p.numel() for p in model.unet.parameters())
    assert counts["vae"] == sum(p.numel() for p in model.vae.parameters())
    clips = [clip.model for clip in model.text._encoder.clips]
    assert sum(counts.values()) - counts["unet"] - counts["vae"] == sum(
        p.numel() for c in clips for p in c.parameters()
    )
    assert facts.bytes == 4 * facts.parameters


DAMAGE = {
    "unet weights": (lambda f: (f / "unet" / "diffusion_pytorch_model.safetensors").unlink(), "the weights of unet"),
    "half a file": (lambda f: cut(f / "vae" / "diffusion_pytorch_model.safetensors"), "the file is cut off"),
    "tokenizer": (lambda f: shutil.rmtree(f / "tokenizer"), "tokenizer"),
    "scheduler": (lambda f: shutil.rmtree(f / "scheduler"), "scheduler/scheduler_config.json"),
    "text": (lambda f: shutil.rmtree(f / "text_encoder"), "text_encoder/config.json"),
    "json": (lambda f: (f / "vae" / "config.json").write_text("{"), "is not JSON"),
}


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


@pytest.mark.parametrize("case", DAMAGE)
def test_what_is_missing_is_named(sd_folder: Path, tmp_path: Path, case: str) -> None:
    damage, words = DAMAGE[case]
    damage(folder := shutil.copytree(sd_folder, tmp_path / "model"))
    facts = facts_of(folder)
    assert not facts.complete and any(words in text for text in facts.missing)
    with pytest.raises(InputError):
        load_model(folder, "cpu")


def test_what_cannot_be_loaded_is_named(sd_folder: Path, tmp_path: Path) -> None:
    transformer = tmp_path / "flux"
    (transformer / "transformer").mkdir(parents=True)
    (transformer / "model_index.json").write_text('{"_class_name": "FluxPipeline", "transformer": ["diffusers", "x"]}')
    facts = facts_of(transformer)
    assert (facts.family, facts.unsupported, facts.usable) == ("FluxPipeline", "is a diffusion transformer", False)
    inpainting = shutil.copytree(sd_folder, tmp_path / "inpainting")
    config = json.loads((inpainting / "unet" / "config.json").read_text()) | {"in_channels": 9}
    (inpainting / "unet" / "config.json").write_text(json.dumps(config))
    assert facts_of(inpainting).unsupported == "is an inpainting model"
    for folder in (transformer, inpainting):
        with pytest.raises(InputError):
            load_model(folder, "cpu")


def test_additions_to_a_model_are_told_apart(lora_file: Path, tmp_path: Path) -> None:
    lora = facts_of(lora_file)
    assert (lora.kind, lora.family, lora.parameters) == ("lora", "Stable Diffusion 1.x", 2 * 768 + 640 + 1)
    save_file(
        {"ip_adapter.1.to_k_ip.weight": torch.ones(320, 2048), "image_proj.proj.weight": torch.ones(4, 4)},
        tmp_path / "style.safetensors",
    )
    style = facts_of(tmp_path / "style.safetensors")
    assert (style.kind, style.family) == ("ip-adapter", "Stable Diffusion XL")
    blocks = {"block_out_channels": (8, 8), "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D")}
    net = ControlNetModel(
        cross_attention_dim=1024, attention_head_dim=2, norm_num_groups=4, layers_per_block=1, **blocks
    )
    net.save_pretrained(tmp_path / "depth")
    control = facts_of(tmp_path / "depth")
    assert (control.kind, control.family, control.complete) == ("controlnet", "Stable Diffusion 2.x", True)
    save_file(
        {f"control_model.{name}": t for name, t in {"input_hint_block.0.weight": torch.ones(2)}.items()},
        tmp_path / "old.safetensors",
    )
    assert facts_of(tmp_path / "old.safetensors").kind == "controlnet"
    AutoencoderKL(block_out_channels=(4,), norm_num_groups=2).save_pretrained(tmp_path / "vae")
    assert (facts_of(tmp_path / "vae").kind, facts_of(tmp_path / "vae").family) == ("vae", "AutoencoderKL")
    save_file({"lm_head.weight": torch.ones(2)}, tmp_path / "language.safetensors")
    (tmp_path / "notes.txt").write_text("x")
    assert read_facts(tmp_path / "language.safetensors") is read_facts(tmp_path / "notes.txt") is None
    kinds = {facts.kind for facts in facts_within(tmp_path)}
    assert kinds == {"lora", "ip-adapter", "controlnet", "vae"}


def test_memory_grows_with_parameters_and_picture_and_is_halved_on_a_card(sd_folder: Path) -> None:
    facts = facts_of(sd_folder)
    vae = next(part.parameters for part in facts.parts if part.name == "vae")
    decoding = estimate_bytes(facts, "cpu") - 4 * facts.parameters
    assert decoding == 24 * 4 * 64**2
    assert estimate_bytes(facts, "cuda") == 2 * (facts.parameters - vae) + 4 * vae + decoding


def test_the_list_has_what_is_included_registered_and_gone(sd_folder: Path, lora_file: Path, tmp_path: Path) -> None:
    found = list_models([sd_folder, lora_file.parent, tmp_path / "gone"], tmp_path / "no cache")
    assert [(one.name, one.origin) for one in found] == [
        ("embedded", "included"),
        (str(sd_folder), "registered"),
        (str(lora_file), "registered"),
        (str(tmp_path / "gone"), "registered"),
    ]
    assert found[3].facts.missing == ("it is not there any more",)
    assert find_listed("embedded", tmp_path).origin == "included"
    for ref in ("nobody/nothing", "..//x", str(tmp_path / "gone")):
        with pytest.raises(
            InputError, match="is neither a model of this program, nor a file or folder, nor in the cache"
        ):
            find_listed(ref, tmp_path)
    (tmp_path / "empty").mkdir()
    for path, words in ((tmp_path / "empty", "in safetensors, and holds none"), (tmp_path / "x", "neither a file nor")):
        with pytest.raises(InputError, match=words):
            refuse_unregistrable(path)


def test_of_several_precisions_one_is_used_and_every_shard_is_wanted() -> None:
    plain, half = "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.fp16.safetensors"
    other = "diffusion_pytorch_model.non_ema.safetensors"
    assert choose_weights([plain, half, other]) == [plain] and choose_weights([half, other]) == [half]
    assert choose_weights([plain, half], half=True) == [half] and choose_weights(["model.safetensors"]) == [
        "model.safetensors"
    ]
    shards = [f"diffusion_pytorch_model-0000{n}-of-00003.safetensors" for n in (1, 3)]
    assert choose_weights([*shards, half]) == shards and missing_shards(shards) == ["2 of 3"]
    names = ["model_index.json", f"unet/{plain}", f"unet/{half}", "unet/config.json", "safety_checker/model.safetensors",
             "whole.safetensors", "tokenizer/merges.txt", "unet/diffusion_pytorch_model.bin", "a/../../x.json"]  # fmt: skip
    assert choose_files(names) == ["model_index.json", "tokenizer/merges.txt", "unet/config.json", f"unet/{plain}"]
    assert choose_files(names, only=["whole*"]) == ["whole.safetensors"]
    assert choose_files(["a.safetensors", "b.bin", "c.txt"]) == ["a.safetensors", "c.txt"]
