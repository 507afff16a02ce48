"""The network configurations of each Stable Diffusion family, which single-file models don't contain, in the terms of diffusers and
transformers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ClipFacts:
    """A text encoder in a single file. prefix: of its tensor names; open_clip: whether tensors are named as in OpenCLIP;
    pad: the padding token; config: arguments of transformers' CLIPTextConfig."""

    prefix: str
    open_clip: bool
    pad: str
    config: Mapping[str, Any]


@dataclass(frozen=True)
class BaseConfig:
    """One family. unet, vae: diffusers' configurations; clips: its text encoders; native: side in pixels, by prediction type."""

    name: str
    unet: Mapping[str, Any]
    vae: Mapping[str, Any]
    clips: tuple[ClipFacts, ...]
    native: Mapping[str, int]


_TOKENS = {"vocab_size": 49408, "max_position_embeddings": 77, "bos_token_id": 49406, "eos_token_id": 49407}
_CLIP_L = _TOKENS | {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "hidden_act": "quick_gelu",
    "projection_dim": 768,
}
_CLIP_H = _TOKENS | {  # without the last layer: Stable Diffusion 2 doesn't use it
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 23,
    "num_attention_heads": 16,
    "hidden_act": "gelu",
    "projection_dim": 1024,
}
_CLIP_G = _TOKENS | {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "hidden_act": "gelu",
    "projection_dim": 1280,
}
_END = "<|endoftext|>"
_VAE = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
    "scaling_factor": 0.18215,
}
_UNET = {
    "block_out_channels": (320, 640, 1280, 1280),
    "down_block_types": (*("CrossAttnDownBlock2D",) * 3, "DownBlock2D"),
    "up_block_types": ("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
    "layers_per_block": 2,
}

BASE_CONFIGS: dict[str, BaseConfig] = {
    "sd1": BaseConfig(
        "Stable Diffusion 1.x",
        _UNET | {"cross_attention_dim": 768, "attention_head_dim": 8},
        _VAE,
        (ClipFacts("cond_stage_model.transformer.", False, _END, _CLIP_L),),
        {"epsilon": 512, "v_prediction": 512},
    ),
    "sd2": BaseConfig(
        "Stable Diffusion 2.x",
        _UNET | {"cross_attention_dim": 1024, "attention_head_dim": (5, 10, 20, 20), "use_linear_projection": True},
        _VAE,
        (ClipFacts("cond_stage_model.model.", True, "!", _CLIP_H),),
        {"epsilon": 512, "v_prediction": 768},
    ),
    "xl": BaseConfig(
        "Stable Diffusion XL",
        {
            "block_out_channels": (320, 640, 1280),
            "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            "layers_per_block": 2,
            "transformer_layers_per_block": (1, 2, 10),
            "cross_attention_dim": 2048,
            "attention_head_dim": (5, 10, 20),
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 2816,
        },
        _VAE | {"scaling_factor": 0.13025},
        (
            ClipFacts("conditioner.embedders.0.transformer.", False, _END, _CLIP_L),
            ClipFacts("conditioner.embedders.1.model.", True, "!", _CLIP_G),
        ),
        {"epsilon": 1024, "v_prediction": 1024},
    ),
}
SCHEDULER = {
    "_class_name": "DDIMScheduler",
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "num_train_timesteps": 1000,
}
"""All families use the same noise schedule."""


UNET = "model.diffusion_model."
FIRST = UNET + "input_blocks.0.0.weight"
POOLED = UNET + "label_emb.0.0.weight"  # the layer that takes the pooled vector and the sizes
# family → prefixes of tensor names in its files; the first matching row counts
FAMILIES = {
    "xl": ("conditioner.embedders.1.model.", POOLED),
    "sd2": ("cond_stage_model.model.", FIRST),
    "sd1": ("cond_stage_model.transformer.", FIRST),
}
PREDICTS = {"v": "v_prediction", "v_prediction": "v_prediction", "epsilon": "epsilon"}


def family_of_tensors(names: Collection[str]) -> str | None:
    """The key of BASE_CONFIGS that a file's tensor names belong to, or None."""
    for family, needs in FAMILIES.items():
        if all(any(name.startswith(need) for name in names) for need in needs):
            return family
    return None


def prediction_from_metadata(metadata: Mapping[str, str]) -> str | None:
    """The prediction type in a file's metadata, as diffusers names it; None if there is none."""
    return PREDICTS.get(metadata.get("modelspec.prediction_type", ""))
