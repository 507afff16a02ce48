"""IP-Adapters on disk: a .safetensors file, with its CLIP image encoder in a folder `image_encoder` beside or above it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers.models.embeddings import ImageProjection
from torch import Tensor

from base.errors import InputError
from base.reading import read_json
from base.safetensors_header import read_header, refuse_integers
from diffusion.loaders.checkpoints import describe_load_error, prepare_for_inference, refuse_not_finite
from diffusion.loaders.config_fields import refuse_fields
from diffusion.loaders.pretrained import load_pretrained
from diffusion.models.attention import RegionalProcessor, StyleProcessor
from diffusion.models.style import StyleAdapter
from diffusion.tensor_files import read_tensors

ENCODER = "image_encoder"
PROJECTIONS = ("proj.weight", "proj.3.weight", "latents")
"""Tensors that identify the image projection of plain, full and plus adapters."""


def load_style(path: Path, unets: Sequence[Any], dtype: torch.dtype, device: torch.device) -> StyleAdapter:
    """Load an adapter and give each U-Net its attention. Raises InputError, also for one of another family of models."""
    groups = _read(path, dtype)
    try:
        for unet in unets:
            unet.set_attn_processor(_processors(path, groups["ip_adapter"], unet, device))
        tensors = groups["image_proj"]
        projection: Any = unets[0]._convert_ip_adapter_image_proj_to_diffusers(tensors, low_cpu_mem_usage=False)
        refuse_not_finite(path, "image_proj", projection)
        projection = prepare_for_inference(projection.to(device, dtype))
        encoder = _encoder(path, dtype).to(device)
        return StyleAdapter(encoder, projection, isinstance(projection, ImageProjection), device)
    except InputError:
        raise
    except Exception as error:  # damaged weights, or weights that don't fit, can cause any exception
        raise InputError(path, "", describe_load_error(error)) from error


def _read(path: Path, dtype: torch.dtype) -> dict[str, dict[str, Tensor]]:
    """The tensors of `image_proj` and `ip_adapter`, without these prefixes."""
    refuse_integers(path, read_header(path, "an IP-Adapter in one safetensors file").tensors)
    groups: dict[str, dict[str, Tensor]] = defaultdict(dict)
    for name, tensor in read_tensors(path).items():
        group, _, rest = name.partition(".")
        groups[group][rest] = tensor.to(dtype)
    known = any(name in groups["image_proj"] for name in PROJECTIONS)
    if not known or not groups["ip_adapter"] or any("_lora" in name for name in groups["ip_adapter"]):
        raise InputError(
            path, "", "is no IP-Adapter; plain, full and plus adapters in safetensors work, FaceID doesn't"
        )
    return groups


def _processors(path: Path, tensors: dict[str, Tensor], unet: Any, device: torch.device) -> dict[str, Any]:
    """A processor for each attention of a U-Net; those of cross-attention hold the adapter's keys and values."""
    found: dict[str, Any] = {}
    place = 1
    for name in unet.attn_processors:
        if not name.endswith("attn2.processor"):
            found[name] = RegionalProcessor()
            continue
        module = unet.get_submodule(name.removesuffix(".processor"))
        pair = [tensors.get(f"{place}.to_{part}_ip.weight") for part in "kv"]
        for part, weight in zip("kv", pair, strict=True):
            expected = getattr(module, f"to_{part}").weight.shape
            if weight is None or weight.shape != expected:
                shape = "is missing" if weight is None else f"has the shape {tuple(weight.shape)}"
                why = f"{shape}, the model's is {tuple(expected)}; the adapter was made for another family of models"
                raise InputError(path, f"ip_adapter.{place}.to_{part}_ip.weight", why)
            if not bool(weight.isfinite().all()):
                raise InputError(path, f"ip_adapter.{place}.to_{part}_ip.weight", "holds NaN or infinite weights")
        key, value = (weight.to(device) for weight in pair if weight is not None)
        found[name] = StyleProcessor(key, value)
        place += 2
    return found


def _encoder(path: Path, dtype: torch.dtype) -> Any:
    from transformers import CLIPVisionModelWithProjection

    folders = [folder / ENCODER for folder in (path.parent, path.parent.parent)]
    folder = next((folder for folder in folders if (folder / "config.json").is_file()), None)
    if folder is None:
        raise InputError(path, ENCODER, "is missing; the CLIP image encoder's folder lies beside the adapter")
    config = read_json(folder / "config.json", "the configuration of an image encoder")
    if not isinstance(config, dict):
        raise InputError(folder / "config.json", "", "is not a JSON object")
    refuse_fields(folder, ENCODER, config)
    encoder = load_pretrained(CLIPVisionModelWithProjection, folder, folder, ENCODER, dtype, dtype=dtype)
    return encoder.eval().requires_grad_(False)
