"""Single files as model sites have them, made of pipeline folders: the original code's names, written down once more and the other way."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from diffusion.loaders.ldm_names import original_names

VAE_WORDS = {
    r"(encoder|decoder)\.mid_block\.resnets\.(\d)": lambda m: f"{m[1]}.mid.block_{int(m[2]) + 1}",
    r"mid_block\.attentions\.0\.group_norm": "mid.attn_1.norm",
    r"mid_block\.attentions\.0\.to_out\.0": "mid.attn_1.proj_out",
    r"mid_block\.attentions\.0\.to_([qkv])": r"mid.attn_1.\1",
    r"down_blocks\.(\d)\.resnets": r"down.\1.block",
    r"down_blocks\.(\d)\.downsamplers\.0": r"down.\1.downsample",
    r"up_blocks\.(\d)\.resnets": lambda m: f"up.{3 - int(m[1])}.block",
    r"up_blocks\.(\d)\.upsamplers\.0": lambda m: f"up.{3 - int(m[1])}.upsample",
    r"conv_shortcut": "nin_shortcut",
    r"conv_norm_out": "norm_out",
}
OPEN_WORDS = {
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}
OPEN_ENDS = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm.weight": "ln_final.weight",
    "final_layer_norm.bias": "ln_final.bias",
}


def unet_tensors(folder: Path) -> dict[str, Tensor]:
    return original(UNet2DConditionModel.from_pretrained(folder, subfolder="unet"))


def original(unet: UNet2DConditionModel) -> dict[str, Tensor]:
    """A U-Net's tensors by their names in a single file."""
    names = original_names(unet)
    return {
        f"model.diffusion_model.{names[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": tensor
        for name, tensor in unet.state_dict().items()
    }


def vae_tensors(folder: Path) -> dict[str, Tensor]:
    tensors = {}
    for name, tensor in AutoencoderKL.from_pretrained(folder, subfolder="vae").state_dict().items():
        for pattern, word in VAE_WORDS.items():
            name = re.sub(pattern, word, name)
        convolved = ".attn_1." in name and name.endswith("weight") and tensor.ndim == 2
        tensors[f"first_stage_model.{name}"] = tensor[:, :, None, None] if convolved else tensor
    return tensors


def clip_tensors(folder: Path, prefix: str) -> dict[str, Tensor]:
    """As Stable Diffusion 1's and SDXL's first text encoder are."""
    model = CLIPTextModel.from_pretrained(folder / "text_encoder")
    return {f"{prefix}text_model.{n.removeprefix('text_model.')}": t for n, t in model.state_dict().items()}


def open_clip_tensors(folder: Path, part: str, prefix: str, more: int = 0) -> dict[str, Tensor]:
    """As Stable Diffusion 2's and SDXL's second are. more: layers behind the last that is heard."""
    kind = CLIPTextModelWithProjection if part.endswith("_2") else CLIPTextModel
    state = {n.removeprefix("text_model."): t for n, t in kind.from_pretrained(folder / part).state_dict().items()}
    tensors = {prefix + new: state[old] for old, new in OPEN_ENDS.items()}
    for name in [n for n in state if n.startswith("encoder.layers.") and ".self_attn.q_proj" not in n]:
        _, _, layer, inner = name.split(".", 3)
        if ".k_proj" in name or ".v_proj" in name:
            continue
        for old, new in OPEN_WORDS.items():
            inner = inner.replace(old, new)
        tensors[f"{prefix}transformer.resblocks.{layer}.{inner}"] = state[name]
    layers = 1 + max(int(n.split(".")[2]) for n in state if n.startswith("encoder.layers."))
    for layer in range(layers):
        for identify_family in ("weight", "bias"):
            parts = [state[f"encoder.layers.{layer}.self_attn.{p}_proj.{identify_family}"] for p in "qkv"]
            tensors[f"{prefix}transformer.resblocks.{layer}.attn.in_proj_{identify_family}"] = torch.cat(parts)
    for extra in range(layers, layers + more):
        mine = {n: t for n, t in tensors.items() if f"resblocks.{layers - 1}." in n}
        tensors |= {n.replace(f"resblocks.{layers - 1}.", f"resblocks.{extra}."): t + 1 for n, t in mine.items()}
    width = state["embeddings.token_embedding.weight"].shape[1]
    tensors[prefix + "text_projection"] = state["text_projection.weight"].T if part.endswith("_2") else torch.eye(width)
    tensors[prefix + "logit_scale"] = torch.tensor(4.6)
    return tensors


def write_single_file(path: Path, *parts: dict[str, Tensor], **metadata: str) -> Path:
    tensors = {name: tensor.contiguous().clone() for part in parts for name, tensor in part.items()}
    save_file(tensors, path, metadata)
    return path
