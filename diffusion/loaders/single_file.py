"""A Stable Diffusion checkpoint in one .safetensors file with the original code's tensor names, the format of model sites.

diffusers renames the tensors. It would download the configurations from the hub, so they are in `diffusion.loaders.base_configs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from accelerate import init_empty_weights
from diffusers.loaders.single_file_utils import (
    convert_ldm_clip_checkpoint,
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
    convert_open_clip_checkpoint,
)
from torch import Tensor

from base.errors import InputError
from base.reading import read_json
from base.safetensors_header import read_header
from diffusion.loaders.base_configs import (
    BASE_CONFIGS,
    FIRST,
    SCHEDULER,
    UNET,
    ClipFacts,
    family_of_tensors,
    prediction_from_metadata,
)
from diffusion.loaders.checkpoints import describe_load_error, prepare_for_inference, refuse_not_finite
from diffusion.loaders.embedded import sidecar_path
from diffusion.models.clip import Clip
from diffusion.models.clip_vocabulary import tokenizer as clip_tokenizer
from diffusion.tensor_files import open_tensors

VAE = "first_stage_model."
# Stable Diffusion 2 exists with both prediction types, and files don't state which; in v models this bias has a larger deviation
TELLTALE, VARIES = UNET + "output_blocks.11.1.transformer_blocks.0.norm1.bias", 0.09


class SingleFile:
    """A single-file checkpoint. The constructor raises InputError if the file belongs to no supported family.

    FILE.rayverie.json beside FILE.safetensors may add what the file doesn't say: {"prediction": "v_prediction", "native": 768}.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.stem
        header = read_header(path, "a model in one safetensors file")
        self._names, self._metadata = tuple(header.tensors), header.metadata
        self._shapes = {name: tensor.shape for name, tensor in header.tensors.items()}
        family = family_of_tensors(self._names)
        if family is None:
            raise InputError(path, "", self._explain_refusal())
        self._layout = BASE_CONFIGS[family]
        self._prediction = self._predicts(family)

    def config(self, part: str, name: str = "config.json") -> dict[str, Any]:
        if part == "unet":
            channels = {"in_channels": self._shape(FIRST)[1], "out_channels": self._shape(UNET + "out.2.weight")[0]}
            return {"_class_name": "UNet2DConditionModel"} | dict(self._layout.unet) | channels
        if part == "vae":
            return {"_class_name": "AutoencoderKL"} | dict(self._layout.vae)
        if part == "scheduler":
            facts = {"prediction_type": self._prediction, "rescale_betas_zero_snr": "ztsnr" in self._names}
            return SCHEDULER | facts
        if part.startswith("text_encoder"):
            return dict(self._clip_facts(part).config)
        return {}

    def own(self) -> dict[str, Any]:
        return {"native": self._layout.native.get(self._prediction, 512)} | self._beside()

    def module(self, kind: Any, part: str, dtype: torch.dtype) -> Any:
        config = self.config(part)
        convert = convert_ldm_unet_checkpoint if part == "unet" else convert_ldm_vae_checkpoint
        with self._reading(part), init_empty_weights():
            module = kind.from_config(config)
        with self._reading(part):
            tensors = convert(self._tensors(UNET if part == "unet" else VAE, dtype), module.config)
            module.load_state_dict(tensors, strict=True, assign=True)
            refuse_not_finite(self.path, part, module)
        return prepare_for_inference(module)

    def clip(self, kind: Any, part: str, tokenizer: str, dtype: torch.dtype) -> Clip:
        facts = self._clip_facts(part)
        if not self._has(facts.prefix):
            raise InputError(self.path, part, "is missing; the file must have its text encoders")
        words = clip_tokenizer(self.path, facts.pad)
        with self._reading(part), init_empty_weights():
            model = kind(kind.config_class(**facts.config))
        with self._reading(part):
            model.load_state_dict(self._rename_tensors(facts, model, dtype), strict=True, assign=True)
            refuse_not_finite(self.path, part, model)
        return Clip(words, model)

    def weights(self) -> list[Path]:
        return [self.path]

    def _rename_tensors(self, facts: ClipFacts, model: Any, dtype: torch.dtype) -> dict[str, Tensor]:
        """A CLIP's tensors, renamed as in transformers."""
        tensors = self._tensors(facts.prefix, dtype)
        if facts.open_clip:
            layers = tuple(
                f"{facts.prefix}transformer.resblocks.{n}." for n in range(facts.config["num_hidden_layers"])
            )
            resblocks = facts.prefix + "transformer.resblocks."
            # files also contain layers after the last one that the model uses
            used = {k: v for k, v in tensors.items() if not k.startswith(resblocks) or k.startswith(layers)}
            named = convert_open_clip_checkpoint(model, used, prefix=facts.prefix)
        else:
            named = convert_ldm_clip_checkpoint(tensors)
        wanted = {name.removeprefix("text_model."): name for name in model.state_dict()}
        named = {name.removeprefix("text_model."): tensor for name, tensor in named.items()}
        spare = (
            "embeddings.position_ids",
            "text_projection.weight",
            "logit_scale",
        )  # in some files; not used here
        return {wanted.get(k, k): v for k, v in named.items() if k in wanted or k not in spare}

    def _tensors(self, prefix: str, dtype: torch.dtype) -> dict[str, Tensor]:
        with open_tensors(self.path) as file:
            return {name: file.read(name).to(dtype) for name in self._names if name.startswith(prefix)}

    def _predicts(self, family: str) -> str:
        """The prediction type: from FILE.rayverie.json, the file's metadata, or its tensors, in this order."""
        if (stated := self._beside().get("prediction")) is not None:
            return str(stated)
        if (from_metadata := prediction_from_metadata(self._metadata)) is not None:
            return from_metadata
        if "v_pred" in self._names:
            return "v_prediction"
        if family == "sd2" and self._shape(FIRST)[1] == 4 and TELLTALE in self._names:
            with open_tensors(self.path) as file:
                varies = float(file.read(TELLTALE).float().std(correction=0))
            return "v_prediction" if varies > VARIES else "epsilon"
        return "epsilon"

    def _beside(self) -> dict[str, Any]:
        path = sidecar_path(self.path)
        found = read_json(path, "what a model says of itself") if path.is_file() else {}
        if not isinstance(found, dict):
            raise InputError(path, "", "is not a JSON object")
        return found

    def _clip_facts(self, part: str) -> ClipFacts:
        return self._layout.clips[1 if part.endswith("_2") else 0]

    def _has(self, prefix: str) -> bool:
        return any(name.startswith(prefix) for name in self._names)

    def _shape(self, name: str) -> list[int]:
        if name not in self._names:
            raise InputError(self.path, name, "is missing; the file is incomplete")
        return list(self._shapes[name])

    def _explain_refusal(self) -> str:
        if self._has("conditioner.embedders.0.model."):
            return "is a refiner, which only finishes another model's picture; give the base"
        if self._has("lora_") or any(".lora" in name for name in self._names):
            return "is a LoRA, which changes a model; give it with --lora, and the model with --model"
        if self._has(UNET) and not self._has(FIRST):
            return "is a model of another kind; Stable Diffusion 1.x, 2.x and XL work"
        if self._has(UNET):
            return "has no text encoder; a model file has network, VAE and text encoders in one"
        return "is not a Stable Diffusion checkpoint in the names of the original code"

    @contextmanager
    def _reading(self, part: str) -> Iterator[None]:
        try:
            yield
        except InputError:
            raise
        except Exception as error:  # tensors that don't fit can cause any exception
            raise InputError(self.path, part, describe_load_error(error)) from error
