"""LoRAs in all the ways that trainers name their layers change the very weights that they were made for, and by what they say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor

from base.errors import InputError
from diffusion.dream import dream
from diffusion.loaders.ldm_names import original_names
from diffusion.loaders.loading import load_model
from diffusion.loaders.lora import Lora, parse_lora
from diffusion.models.model import Model
from diffusion.settings import DreamSettings

RANK = 2
ATTENTION = "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_q"
OUT = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_out.0"
CONVOLUTION = "up_blocks.0.resnets.1.conv1"
PROJECTION = "mid_block.attentions.0.proj_in"
LAYERS = (ATTENTION, OUT, CONVOLUTION, PROJECTION)
TEXT, FEED = "encoder.layers.0.self_attn.q_proj", "encoder.layers.0.mlp.fc1"


def clip_name(model, name: str) -> str:
    """transformers says text_model. before the layers of some of its CLIPs."""
    return name if any(n == name for n, _ in model.named_modules()) else f"text_model.{name}"


def random_pair(weight: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """(down, up) for a layer, as trainers shape them."""
    generator = torch.Generator().manual_seed(seed)
    down = torch.randn((RANK, *weight.shape[1:]), generator=generator)
    return down, torch.randn((weight.shape[0], RANK, *[1] * (weight.ndim - 2)), generator=generator)


def pairs_for(model: Model) -> dict[tuple[str, str], tuple[Tensor, Tensor]]:
    """(part, layer) → down, up; a few layers of every part."""
    modules = {"unet": (model.unet, LAYERS)}
    for number, clip in enumerate(model.text._encoder.clips):
        modules["text_encoder" + ("_2" if number else "")] = clip.model, (TEXT, FEED)
    return {
        (part, layer): random_pair(module.get_submodule(clip_name(module, layer)).weight, seed=len(part) + len(layer))
        for part, (module, layers) in modules.items()
        for layer in layers
    }


def weight_of(model: Model, part: str, layer: str) -> Tensor:
    module = model.unet if part == "unet" else model.text._encoder.clips[part.endswith("_2")].model
    return module.get_submodule(clip_name(module, layer)).weight


KOHYA = {"unet": "lora_unet_", "text_encoder": "lora_te_text_model_", "text_encoder_2": "lora_te2_text_model_"}


def kohya(pairs, model: Model, alpha: float, names=lambda layer: layer) -> dict[str, Tensor]:
    tensors = {}
    for (part, layer), (down, up) in pairs.items():
        prefix = KOHYA[part] if len(model.text._encoder.clips) == 1 else KOHYA[part].replace("lora_te_", "lora_te1_")
        stem = prefix + (names(layer) if part == "unet" else layer).replace(".", "_")
        tensors |= {
            f"{stem}.lora_down.weight": down,
            f"{stem}.lora_up.weight": up,
            f"{stem}.alpha": torch.tensor(alpha),
        }
    return tensors


def original_kohya(pairs, model: Model, alpha: float) -> dict[str, Tensor]:
    known = original_names(model.unet)
    return kohya(pairs, model, alpha, known.__getitem__)


def older(pairs, model: Model, alpha: float) -> dict[str, Tensor]:
    """diffusers before peft: only attention, no alpha."""
    tensors = {}
    for (part, layer), (down, up) in pairs.items():
        if part == "unet":
            block, attention, kind = layer.removesuffix(".0").rpartition(".attn2." if "attn2" in layer else ".attn1.")
            if not attention:
                continue
            stem, end = f"unet.{block}{attention}processor.{kind}_lora", ""
        elif layer == TEXT:
            stem, end = f"{part}.text_model.{layer.replace('q_proj', 'to_q_lora')}", ""
        else:
            stem, end = f"{part}.text_model.{layer}", ".lora_linear_layer"
        tensors |= {f"{stem}{end}.down.weight": down, f"{stem}{end}.up.weight": up}
    return tensors


def peft(pairs, model: Model, alpha: float) -> dict[str, Tensor]:
    tensors = {}
    for (part, layer), (down, up) in pairs.items():
        stem = f"{part}.{'' if part == 'unet' else 'text_model.'}{layer}"
        tensors |= {f"{stem}.lora_A.weight": down, f"{stem}.lora_B.weight": up}
    return tensors


# how it is named → (tensors, whether alpha stands in them)
NAMINGS = {"kohya": (kohya, True), "original": (original_kohya, True), "older": (older, False), "peft": (peft, False)}


def write(path: Path, tensors: dict[str, Tensor], **metadata: str) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata)
    return path


@pytest.mark.parametrize("naming", NAMINGS)
@pytest.mark.parametrize("family", ["sd1", "xl"])
def test_weights_become_what_the_paper_says(family, naming, request, tmp_path) -> None:
    folder = request.getfixturevalue(f"{family}_folder")
    plain = load_model(folder, "cpu")
    pairs = pairs_for(plain)
    make, has_alpha = NAMINGS[naming]
    tensors = make(pairs, plain, 0.5)
    changed = load_model(folder, "cpu", [f"{write(tmp_path / 'style.safetensors', tensors)}:0.25"])
    told = {
        layer: pair for layer, pair in pairs.items() if naming != "older" or layer[1] not in (CONVOLUTION, PROJECTION)
    }
    scale = 0.25 * (0.5 / RANK if has_alpha else 1)
    for (part, layer), (down, up) in told.items():
        before, after = weight_of(plain, part, layer), weight_of(changed, part, layer)
        wanted = before + scale * (up.flatten(1) @ down.flatten(1)).view(before.shape)
        assert torch.allclose(after, wanted, atol=1e-5) and not torch.allclose(after, before, atol=1e-3)
    same = [n for n, p in plain.unet.named_parameters() if not torch.equal(p, dict(changed.unet.named_parameters())[n])]
    assert len(same) == sum(part == "unet" for part, _ in told)


def test_dreams_change_worlds_stay_and_the_id_tells(sd1_folder, tmp_path, canvas_of) -> None:
    plain = load_model(sd1_folder, "cpu")
    file = write(tmp_path / "style.safetensors", kohya(pairs_for(plain), plain, 0.5))
    half, whole, none = (load_model(sd1_folder, "cpu", [f"{file}:{weight}"]) for weight in (0.5, 1, 0))
    canvas, settings = canvas_of(plain), DreamSettings(steps=2)
    pictures = [dream(model, canvas, settings).latents for model in (plain, half, whole, none)]
    assert np.array_equal(pictures[0], pictures[3])
    assert not np.allclose(pictures[0], pictures[1], atol=1e-3) and not np.allclose(pictures[1], pictures[2], atol=1e-3)
    assert len({model.id for model in (plain, half, whole, none)}) == 4 and "+style-" in half.id
    assert {model.space for model in (half, whole, none)} == {plain.space}


def test_several_add_up_in_any_order(sd1_folder, tmp_path) -> None:
    plain = load_model(sd1_folder, "cpu")
    one = write(tmp_path / "one.safetensors", kohya(pairs_for(plain), plain, 0.5))
    two = write(tmp_path / "two.safetensors", {k: v + 1 for k, v in kohya(pairs_for(plain), plain, 0.5).items()})
    models = [load_model(sd1_folder, "cpu", order) for order in ([f"{one}:0.5", str(two)], [str(two), f"{one}:0.5"])]
    a, b = (weight_of(model, "unet", ATTENTION) for model in models)
    assert torch.allclose(a, b, atol=1e-5) and not torch.allclose(a, weight_of(plain, "unet", ATTENTION), atol=1e-3)


def test_alpha_from_what_peft_leaves_in_the_metadata(sd1_folder, tmp_path) -> None:
    plain = load_model(sd1_folder, "cpu")
    down, up = pairs_for(plain)["unet", ATTENTION]
    other = {f"unet.{OUT}.lora_{k}.weight": t for k, t in zip("AB", pairs_for(plain)["unet", OUT], strict=True)}
    tensors = {f"unet.{ATTENTION}.lora_A.weight": down, f"unet.{ATTENTION}.lora_B.weight": up} | other
    known = json.dumps({"unet.lora_alpha": 1.0, "unet.alpha_pattern": {"attn1.to_out.0": 4.0}})
    file = write(tmp_path / "style.safetensors", tensors, lora_adapter_metadata=known)
    changed = load_model(sd1_folder, "cpu", [str(file)])
    for layer, alpha in ((ATTENTION, 1.0), (OUT, 4.0)):
        down, up = pairs_for(plain)["unet", layer]
        wanted = weight_of(plain, "unet", layer) + alpha / RANK * up @ down
        assert torch.allclose(weight_of(changed, "unet", layer), wanted, atol=1e-5)


def test_a_convolution_in_three_parts(sd1_folder, tmp_path) -> None:
    """As one convolution after the other says: 1×1 to the rank, 3×3 in it, 1×1 back."""
    plain = load_model(sd1_folder, "cpu")
    weight = weight_of(plain, "unet", CONVOLUTION)
    generator = torch.Generator().manual_seed(5)
    down = torch.randn((RANK, weight.shape[1], 1, 1), generator=generator)
    mid = torch.randn((RANK, RANK, 3, 3), generator=generator)
    up = torch.randn((weight.shape[0], RANK, 1, 1), generator=generator)
    stem = "lora_unet_" + CONVOLUTION.replace(".", "_")
    parts = {"lora_down": down, "lora_mid": mid, "lora_up": up}
    file = write(tmp_path / "style.safetensors", {f"{stem}.{name}.weight": part for name, part in parts.items()})
    added = weight_of(load_model(sd1_folder, "cpu", [str(file)]), "unet", CONVOLUTION) - weight
    x = torch.randn((1, weight.shape[1], 5, 5), generator=generator)
    conv = torch.nn.functional.conv2d
    assert torch.allclose(conv(x, added), conv(conv(conv(x, down), mid), up), atol=1e-3)


BROKEN = {
    "another model's": (
        {"lora_unet_down_blocks_9_x.lora_down.weight": torch.ones(1, 1)},
        "is no layer of this model's",
    ),
    "a second encoder's": ({"lora_te2_x.lora_down.weight": torch.ones(1, 1)}, "is no layer of this model's"),
    "half": ({f"unet.{ATTENTION}.lora_A.weight": torch.ones(2, 16)}, "has only half of its tensors"),
    "another shape": (
        {f"unet.{ATTENTION}.lora_A.weight": torch.ones(2, 8), f"unet.{ATTENTION}.lora_B.weight": torch.ones(32, 2)},
        "is of another shape here",
    ),
    "shapes of their own": (
        {f"unet.{ATTENTION}.lora_A.weight": torch.ones(2, 16), f"unet.{ATTENTION}.lora_B.weight": torch.ones(16, 3)},
        "is of another shape here",
    ),
    "a number": (
        {f"unet.{ATTENTION}.lora_A.weight": torch.ones(()), f"unet.{ATTENTION}.lora_B.weight": torch.ones(16, 2)},
        "is of another shape here",
    ),
    "three parts that don't fit": (
        {
            "lora_unet_conv_in.lora_down.weight": torch.ones(2, 4, 1, 1),
            "lora_unet_conv_in.lora_mid.weight": torch.ones(2, 3, 3, 3),
            "lora_unet_conv_in.lora_up.weight": torch.ones(8, 2, 1, 1),
        },
        "is of another shape here",
    ),
    "LoHa": ({"lora_unet_x.hada_w1_a": torch.ones(1)}, "LoHa, LoKr, DoRA"),
    "DoRA": ({"lora_unet_x.dora_scale": torch.ones(1)}, "LoHa, LoKr, DoRA"),
    "nothing": ({}, "is empty"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_does_not_fit_is_one_sentence(sd1_folder, tmp_path, case) -> None:
    tensors, words = BROKEN[case]
    file = write(tmp_path / "style.safetensors", tensors, note="x")  # none of both could not be read at all
    with pytest.raises(InputError, match=words):
        load_model(sd1_folder, "cpu", [str(file)])


def test_what_is_no_file_of_tensors(sd1_folder, tmp_path) -> None:
    (tmp_path / "style.safetensors").write_text("x")
    with pytest.raises(InputError, match="is not a LoRA"):
        load_model(sd1_folder, "cpu", [str(tmp_path / "style.safetensors")])
    for text, words in (
        ("nowhere.safetensors", "is not a file"),
        ("nowhere:nan", "has the weight nan"),
        ("x:11", "weight 11"),
    ):
        with pytest.raises(InputError, match=words):
            parse_lora(text)


def test_a_changed_model_paints_by_itself_and_not_by_its_student(sd1_folder, tmp_path) -> None:
    folder, student = (Path(shutil.copytree(sd1_folder, tmp_path / name)) for name in ("model", "student"))
    (folder / "rayverie.json").write_text(json.dumps({"few": {"folder": str(student), "steps": 3}}))
    plain = load_model(folder, "cpu")
    layer = next(n for n, m in plain.unet.named_modules() if n.endswith("attn2.to_q"))
    down, up = random_pair(plain.unet.get_submodule(layer).weight, 0)
    file = write(tmp_path / "own.safetensors", {f"unet.{layer}.lora_A.weight": down, f"unet.{layer}.lora_B.weight": up})
    assert plain.few_steps > 0
    changed = load_model(folder, "cpu", [str(file)])
    assert changed.few_step_unet is None and changed.few_steps == 0


@given(weight=st.floats(-10, 10))
def test_a_weight_is_what_stands_behind_the_last_colon(weight, tmp_path_factory) -> None:
    file = tmp_path_factory.getbasetemp() / "a:b.safetensors"
    file.touch()
    assert parse_lora(f"{file}:{weight!r}") == Lora(file, weight) and parse_lora(str(file)) == Lora(file, 1.0)


def test_the_vae_is_never_touched(sd1_folder, tmp_path) -> None:
    plain = load_model(sd1_folder, "cpu")
    file = write(tmp_path / "style.safetensors", kohya(pairs_for(plain), plain, 0.5))
    changed = load_model(sd1_folder, "cpu", [str(file)])
    assert isinstance(changed.vae, AutoencoderKL) and isinstance(changed.unet, UNet2DConditionModel)
    assert all(torch.equal(a, b) for a, b in zip(plain.vae.parameters(), changed.vae.parameters(), strict=True))
