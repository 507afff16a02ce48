"""A model as a pipeline folder in diffusers' layout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch

from base.errors import InputError
from base.reading import read_json
from base.safetensors_header import read_header, refuse_integers, weights_of
from diffusion.loaders.checkpoints import describe_load_error, frozen_for_inference, refuse_not_finite
from diffusion.loaders.embedded import OWN
from diffusion.models.clip import Clip

LAYOUT = "a model is a diffusers folder with unet, vae, scheduler, and its text encoder"


class PipelineFolder:
    """A pipeline folder in diffusers' layout."""

    def __init__(self, path: Path, name: str = "") -> None:
        self.path, self.name = path, name or path.resolve().name

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
        """Load a part; the fp16 variant if there is no other."""
        names = self._weights(part)
        if not names:
            raise InputError(self.path, part, "has no .safetensors weights")
        try:
            module, found = kind.from_pretrained(
                self.path,
                subfolder=part,
                local_files_only=True,
                use_safetensors=True,
                variant=_variant(names),
                torch_dtype=dtype,
                low_cpu_mem_usage=False,
                output_loading_info=True,
            )
        except Exception as error:  # readers may raise anything for damaged weights
            raise InputError(self.path, part, describe_load_error(error)) from error
        if missing := sorted(found["missing_keys"]):
            raise InputError(
                self.path, f"{part}.{missing[0]}", "is missing; the weights don't belong to the configuration"
            )
        refuse_not_finite(self.path, part, module)
        return frozen_for_inference(module)

    def clip(self, kind: Any, part: str, tokenizer: str, dtype: torch.dtype) -> Clip:
        from transformers import CLIPTokenizer
        from transformers.utils import logging

        if not (self.path / part / "config.json").is_file() or not (self.path / tokenizer).is_dir():
            raise InputError(self.path, f"{part} and {tokenizer}", f"are missing; {LAYOUT}")
        names = self._weights(part)
        logging.disable_progress_bar()
        try:
            model = kind.from_pretrained(
                self.path / part, local_files_only=True, use_safetensors=True, variant=_variant(names), dtype=dtype
            )
            refuse_not_finite(self.path, part, model)
            return Clip(CLIPTokenizer.from_pretrained(self.path / tokenizer, local_files_only=True), model)
        except InputError:
            raise
        except Exception as error:
            raise InputError(self.path, part, describe_load_error(error)) from error

    def _weights(self, part: str) -> list[str]:
        """Names of a part's weight files. Raises InputError for damaged headers and integer weights."""
        files = sorted((self.path / part).glob("*.safetensors*"))
        for file in files:
            if file.suffix == ".safetensors":
                refuse_integers(file, weights_of(read_header(file)))
        return [file.name for file in files]

    def weights(self) -> list[Path]:
        return sorted([*self.path.glob("unet/*.safetensors"), *self.path.glob("vae/*.safetensors")])


def _variant(names: list[str]) -> str | None:
    """None for plain weights; "fp16" if there are no others."""
    return None if any(".fp16." not in name for name in names) or not names else "fp16"
