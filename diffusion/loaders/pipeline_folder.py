"""A model as a pipeline folder in diffusers' layout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from base.errors import InputError
from base.reading import read_json
from diffusion.loaders.checkpoints import describe_load_error, prepare_for_inference
from diffusion.loaders.config_fields import refuse_fields
from diffusion.loaders.embedded import OWN
from diffusion.loaders.options import is_raw
from diffusion.loaders.pretrained import load_pretrained
from diffusion.models.clip import Clip

LAYOUT = "a model is a diffusers folder with unet, vae, scheduler, and its text encoder"


class PipelineFolder:
    """A pipeline folder in diffusers' layout. raw: whether to read the U-Net's weights from before averaging."""

    def __init__(self, path: Path, name: str = "", raw: bool = False) -> None:
        self.path, self.name, self.raw = path, name or path.resolve().name, raw

    def config(self, part: str, name: str = "config.json") -> dict[str, Any]:
        path = self.path / part / name
        if not os.path.lexists(path):
            raise InputError(self.path, str(Path(part) / name), f"is missing; {LAYOUT}")
        config = read_json(path, "a part's configuration")
        if not isinstance(config, dict):
            raise InputError(path, "", "is not a JSON object")
        return config

    def own(self) -> dict[str, Any]:
        return self.config(".", OWN) if (self.path / OWN).is_file() else {}

    def module(self, kind: Any, part: str, dtype: torch.dtype) -> Any:
        network = load_pretrained(
            kind,
            self.path / part,
            self.path,
            part,
            dtype,
            raw=self.raw and part == "unet",
            torch_dtype=dtype,
            low_cpu_mem_usage=False,
        )
        return prepare_for_inference(network)

    def clip(self, kind: Any, part: str, tokenizer: str, dtype: torch.dtype) -> Clip:
        from transformers import CLIPTokenizer
        from transformers.utils import logging

        if not (self.path / part / "config.json").is_file() or not (self.path / tokenizer).is_dir():
            raise InputError(self.path, f"{part} and {tokenizer}", f"are missing; {LAYOUT}")
        refuse_fields(self.path, part, self.config(part))
        logging.disable_progress_bar()
        model = load_pretrained(kind, self.path / part, self.path, part, dtype, dtype=dtype)
        try:
            return Clip(CLIPTokenizer.from_pretrained(self.path / tokenizer, local_files_only=True), model)
        except Exception as error:
            raise InputError(self.path, tokenizer, describe_load_error(error)) from error

    def weights(self) -> list[Path]:
        unet = (file for file in self.path.glob("unet/*.safetensors") if is_raw(file.name) == self.raw)
        return sorted([*unet, *self.path.glob("vae/*.safetensors")])
