"""What a model's configurations can't hold is told by name, before anything is built of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from base.errors import InputError
from diffusion.loaders.config_fields import FIELDS, refuse_fields
from diffusion.loaders.embedded import EMBEDDED, OWN, read_few_steps, read_native_size
from diffusion.loaders.loading import load_model
from diffusion.loaders.lora import Layer, _read

HOSTILE = [-1, 0.5, True, "8", [], [[]], [0], {}, 10**9, 10**80, 1e300, [1] * 999_999, [[[1]]], "x" * 5000]
WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.mark.parametrize(("part", "field"), [(part, field) for part in FIELDS for field in FIELDS[part]])
def test_no_field_takes_all(part: str, field: str) -> None:
    refused = 0
    for value in HOSTILE:
        try:
            refuse_fields("model", part, {field: value})
        except InputError as error:
            assert field in str(error) and len(str(error)) < 400
            refused += 1
    assert refused > len(HOSTILE) - 4
    if not part.startswith("surface"):  # whose networks have a value for every field
        refuse_fields("model", part, {field: None})


@pytest.mark.parametrize("name", ["unet", "vae"])
def test_the_embedded_model_holds_what_it_may(name: str) -> None:
    refuse_fields("model", f"surface_{name}", json.loads((EMBEDDED / name / "config.json").read_text()))
    refuse_fields("model", "own", json.loads((EMBEDDED / OWN).read_text()))


@pytest.fixture
def broken(sd_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sd_folder, tmp_path / "model"))


@pytest.mark.parametrize(
    ("file", "field", "value"),
    [
        ("unet/config.json", "block_out_channels", [8192] * 40),
        ("unet/config.json", "block_out_channels", None),
        ("unet/config.json", "in_channels", "four"),
        ("unet/config.json", "layers_per_block", 10**6),
        ("unet/config.json", "sample_size", -1),
        ("unet/config.json", "attention_head_dim", 0),
        ("unet/config.json", "cross_attention_dim", 17),
        ("unet/config.json", "down_block_types", ["NoSuchBlock"]),
        ("vae/config.json", "scaling_factor", 0),
        ("vae/config.json", "latent_channels", [4]),
        ("scheduler/scheduler_config.json", "num_train_timesteps", 10**9),
        ("scheduler/scheduler_config.json", "beta_schedule", "nosuch"),
        ("scheduler/scheduler_config.json", "beta_end", 2),
        ("scheduler/scheduler_config.json", "_class_name", "FlowMatchEulerDiscreteScheduler"),
        ("text_encoder/config.json", "eos_token_id", [1, 2]),
        ("text_encoder/config.json", "eos_token_id", -1),
        ("text_encoder/config.json", "num_hidden_layers", 0),
        ("unet/config.json", "mid_block_type", None),
        (OWN, "text", "minilm"),
        (OWN, "native", 10**9),
        (OWN, "few", {"folder": ".", "steps": 10**9}),
        (OWN, "few", {"folder": ".", "steps": True}),
    ],
)
def test_a_broken_configuration_is_a_sentence(file: str, field: str, value: Any, broken: Path) -> None:
    path = broken / file
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(known | {field: value}))
    with pytest.raises(InputError):
        load_model(broken, "cpu")
    assert 0 <= read_few_steps(broken) <= 200 and (read_native_size(broken) or 8) <= 4096


def spoil(path: Path, name: str, value: Any) -> None:
    tensors = load_file(path)
    tensors |= {name: value(tensors[name])}
    save_file({k: v for k, v in tensors.items() if v is not None}, path)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (lambda old: np.full_like(old, np.nan), "NaN"),
        (lambda old: old.astype(np.int32), "numbers of type I32"),
        (lambda old: None, "is missing"),
        (lambda old: old[:1], "unet"),
    ],
)
def test_weights_that_are_none_are_named(value: Any, said: str, broken: Path) -> None:
    spoil(broken / "unet" / WEIGHTS, "conv_in.weight", value)
    with pytest.raises(InputError, match=said):
        load_model(broken, "cpu")


def lora(path: Path, **changes: Any) -> Path:
    stem = "lora_unet_mid_block_attentions_0_proj_in"
    tensors = {
        f"{stem}.lora_down.weight": np.ones((2, 8), np.float32),
        f"{stem}.lora_up.weight": np.ones((8, 2), np.float32),
    }
    metadata = changes.pop("metadata", None)
    tensors |= {name.replace("STEM", stem): value for name, value in changes.items()}
    save_file(tensors, path, metadata)
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"STEM.alpha": np.ones(3, np.float32)},
        {"STEM.alpha": np.full((), np.nan, np.float32)},
        {"STEM.lora_up.weight": np.full((8, 2), np.inf, np.float32)},
        {"STEM.lora_up.weight": np.ones((8, 2), np.int8)},
        {"metadata": {"lora_adapter_metadata": "["}},
        {"metadata": {"lora_adapter_metadata": "[]"}},
        {"metadata": {"lora_adapter_metadata": '{"unet.lora_alpha": "x"}'}},
        {"metadata": {"lora_adapter_metadata": '{"unet.alpha_pattern": 3}'}},
    ],
)
def test_a_lora_that_is_none_is_a_sentence(changes: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"x\.safetensors"):
        _read(lora(tmp_path / "x.safetensors", **changes))


def test_words_bundled_with_a_lora_are_left_out(tmp_path: Path) -> None:
    bundled = {"bundle_emb.style.string_to_param.*": np.ones((2, 8), np.float32)}
    assert len(_read(lora(tmp_path / "x.safetensors", **bundled))) == 1


def test_a_rank_of_nothing_fits_nothing() -> None:
    import torch

    for down, up in (((0, 8), (8, 0)), ((2, 0), (8, 2)), ((100_000, 1), (1, 100_000))):
        assert Layer({"down": torch.zeros(down), "up": torch.zeros(up)}).shape is None
