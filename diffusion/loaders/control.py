"""ControlNets on disk: a folder in diffusers' layout, or one .safetensors file with diffusers' or the original code's names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers import ControlNetModel
from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint

from base.errors import InputError
from base.reading import is_folder, read_json
from base.safetensors_header import read_header
from diffusion.loaders.additions import ControlChoice
from diffusion.loaders.checkpoints import describe_load_error, prepare_for_inference, refuse_not_finite
from diffusion.loaders.config_fields import refuse_fields
from diffusion.loaders.pretrained import load_pretrained
from diffusion.models.attention import RegionalProcessor
from diffusion.models.control import Control
from diffusion.tensor_files import read_tensors

FIRST = "controlnet_cond_embedding.conv_in.weight"  # in files with diffusers' names
ORIGINAL = "input_hint_block.0.weight"  # in files with the original code's names, often after "control_model."
CROSS = "attn2.to_k.weight"
WRONG = "is no ControlNet; it must be a diffusers folder, or a .safetensors file, of a ControlNet for Stable Diffusion 1.x, 2.x or XL"
UNET_KEYS = (
    "block_out_channels", "down_block_types", "layers_per_block", "cross_attention_dim", "attention_head_dim",
    "use_linear_projection", "transformer_layers_per_block", "addition_embed_type", "addition_time_embed_dim",
    "projection_class_embeddings_input_dim", "norm_num_groups",
)  # fmt: skip


def load_control(choice: ControlChoice, unet: Any, dtype: torch.dtype, device: torch.device) -> Control:
    """Load a ControlNet for a U-Net. Raises InputError, also for one that was made for another family of models."""
    path = choice.path
    try:
        net = _from_folder(path, dtype) if is_folder(path) else _from_file(path, unet, dtype)
    except InputError:
        raise
    except Exception as error:  # damaged weights can cause any exception
        raise InputError(path, "", describe_load_error(error)) from error
    refuse_not_finite(path, "ControlNet", net)
    for name in ("block_out_channels", "cross_attention_dim", "addition_embed_type"):
        theirs, ours = (_plain(module.config.get(name)) for module in (net, unet))
        if theirs != ours:
            raise InputError(
                path, name, f"is {theirs}, the model's is {ours}; it was made for another family of models"
            )
    if net.config.in_channels != unet.config.out_channels:
        raise InputError(path, "in_channels", f"is {net.config.in_channels}; the model has {unet.config.out_channels}")
    if net.config.get("conditioning_channels", 3) != 3:
        raise InputError(path, "conditioning_channels", f"is {net.config.conditioning_channels}; 3 (a picture) works")
    net = prepare_for_inference(net).to(device)
    net.set_attn_processor(RegionalProcessor())
    return Control(net, choice.kind, choice.weight)


def _from_folder(path: Path, dtype: torch.dtype) -> Any:
    if (path / "controlnet").is_dir():
        path = path / "controlnet"
    config = path / "config.json"
    found = read_json(config, "a ControlNet's configuration") if config.is_file() else {}
    if not isinstance(found, dict) or found.get("_class_name") != "ControlNetModel":
        raise InputError(path, "config.json", WRONG)
    refuse_fields(path, "controlnet", found)
    return load_pretrained(ControlNetModel, path, path, "controlnet", dtype, torch_dtype=dtype, low_cpu_mem_usage=False)


def _from_file(path: Path, unet: Any, dtype: torch.dtype) -> Any:
    if path.suffix != ".safetensors":
        raise InputError(path, "", "is no .safetensors file; pickles can run any program when read")
    names = read_header(path, "a ControlNet in one safetensors file").tensors
    if not any(name.endswith((FIRST, ORIGINAL)) for name in names):
        raise InputError(path, "", WRONG)
    tensors = {name: tensor.to(dtype) for name, tensor in read_tensors(path).items()}
    # A file has no configuration. The model's own is right, unless the file was made for another family.
    config = {name: unet.config[name] for name in UNET_KEYS if name in unet.config}
    first = next(tensor for name, tensor in tensors.items() if name.endswith((FIRST, ORIGINAL)))
    widths = _hint_widths(tensors, len(first))
    with init_empty_weights():
        net: Any = ControlNetModel.from_config(
            config | {"in_channels": unet.config.out_channels, "conditioning_embedding_out_channels": widths}
        )
    own = {name: tensor for name, tensor in tensors.items() if not name.startswith(("model.", "cond_", "first_"))}
    converted = convert_controlnet_checkpoint(own, net.config)
    expected = net.state_dict()
    for name, tensor in expected.items():
        if name not in converted or converted[name].shape != tensor.shape:
            raise InputError(path, name, "doesn't fit the model; the ControlNet was made for another family of models")
    net.load_state_dict({name: converted[name] for name in expected}, strict=True, assign=True)
    return net


def _hint_widths(tensors: dict[str, torch.Tensor], first: int) -> tuple[int, ...]:
    """The widths of the layers that encode the hint; its size is halved at each new width."""
    blocks = [n for n in tensors if "controlnet_cond_embedding.blocks." in n and n.endswith("weight")]
    if not blocks:
        return 16, 32, 96, 256  # in the original code's names
    order = sorted(blocks, key=lambda name: int(name.split(".blocks.")[1].split(".")[0]))
    return (first, *(len(tensors[name]) for name in order[1::2]))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, list | tuple) else value
