"""Write a model folder: a diffusers pipeline in fp16 with Rayverie's own `rayverie.json` and a model card."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import torch
from diffusers import AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from base.errors import InputError
from diffusion.loaders.embedded import OWN
from diffusion.models.depth import FOCAL
from diffusion.models.minilm import TOKENS

VERSION = 1
INDEX = {
    "_class_name": "StableDiffusionDepth2ImgPipeline",
    "_diffusers_version": "0.42.0",
    "depth_estimator": [None, None],
    "feature_extractor": [None, None],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": [None, None],
    "tokenizer": [None, None],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderTiny"],
}
FACTS = {"version": VERSION, "depth": "log", "text": "minilm", "tokens": TOKENS, "focal": FOCAL, "native": 256}
"""The contents of `rayverie.json`: depth channel, text encoder, and the reference camera's focal length in latent pixels."""


def _drop_key(path: Path, key: str) -> None:
    """Remove a key from a config: diffusers' tiny autoencoder writes one that it later warns about."""
    config = json.loads(path.read_text(encoding="utf-8"))
    config.pop(key, None)
    path.write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def load_start_weights(module: nn.Module, folder: str, part: str, new: str = "") -> None:
    """Load the weights of a model folder's part into a new module; nothing if `folder` is "". Raises InputError if they don't fit.

    new: prefix of the module's weights that the folder may lack.
    """
    if not folder:
        return
    path = Path(folder) / part / "diffusion_pytorch_model.safetensors"
    try:
        weights = {k: v.float() for k, v in load_file(path).items()}
        lacking = {k: v for k, v in module.state_dict().items() if new and k.startswith(new)}
        module.load_state_dict(lacking | weights)
    except (OSError, RuntimeError, SafetensorError) as error:
        raise InputError(path, "", f"can't be started from ({str(error).splitlines()[0].rstrip('.:')})") from error


def write_folder(
    folder: Path, unet: UNet2DConditionModel, vae: AutoencoderTiny, scheduler: DDIMScheduler, notes: dict
) -> None:
    """Write (or replace) the pipeline folder with fp16 safetensors; diffusers alone can read it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        new = Path(name) / "model"
        for part, module in {"unet": unet, "vae": vae}.items():
            (new / part).mkdir(parents=True)
            module.save_config(new / part)
            weights = {k: v.detach().to("cpu", torch.float16).contiguous() for k, v in module.state_dict().items()}
            save_file(weights, new / part / "diffusion_pytorch_model.safetensors", metadata={"format": "pt"})
        _drop_key(new / "vae" / "config.json", "block_out_channels")
        scheduler.save_pretrained(new / "scheduler")
        for file, content in {"model_index.json": INDEX, OWN: FACTS, "training.json": notes}.items():
            (new / file).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        if (folder / "README.md").exists():
            shutil.copy(folder / "README.md", new / "README.md")
        old = Path(name) / "old"
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
