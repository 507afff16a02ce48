"""LoRA (arXiv 2106.09685): a small file that changes a model's weights to W + weight·alpha/rank·(up @ down) while loading.

Three naming schemes are supported: kohya's (`lora_unet_down_blocks_0_…`, or with the original code's names
`lora_unet_input_blocks_4_…`), diffusers' older one (`….to_q_lora.down`), and peft's (`….to_q.lora_A`). Merged weights don't slow dreams.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from base.errors import InputError
from base.files import expand_user
from base.reading import is_file, parse_json
from base.safetensors_header import refuse_integers
from diffusion.loaders.checkpoints import describe_load_error
from diffusion.loaders.ldm_names import original_names
from diffusion.tensor_files import TensorFile, open_tensors

MODELS = {  # prefix of a layer's name → the part of the model it belongs to; the first match counts
    "lora_unet_": "unet",
    "lora_te1_": "text_encoder",
    "lora_te2_": "text_encoder_2",
    "lora_te_": "text_encoder",
    "unet.": "unet",
    "text_encoder.": "text_encoder",
    "text_encoder_2.": "text_encoder_2",
    "base_model.model.": "unet",
    "": "unet",
}
ENDS = {  # suffix of a tensor's name → its role; the first match counts
    "_lora.down.weight": "down",
    "_lora.up.weight": "up",
    ".lora_linear_layer.down.weight": "down",
    ".lora_linear_layer.up.weight": "up",
    ".lora.down.weight": "down",
    ".lora.up.weight": "up",
    ".lora_down.weight": "down",
    ".lora_up.weight": "up",
    ".lora_mid.weight": "mid",
    ".lora_A.weight": "down",
    ".lora_B.weight": "up",
    ".alpha": "alpha",
}
OLDER = {
    "to_q": "q_proj",
    "to_k": "k_proj",
    "to_v": "v_proj",
    "to_out": "out_proj",
}  # of text encoders, in diffusers' older scheme
BUNDLED = "bundle_emb."  # embeddings in some files; they don't change weights and are ignored
MAX_RANK = 8192
METADATA = "lora_adapter_metadata"  # where diffusers stores peft's settings


@dataclass(frozen=True)
class Lora:
    """A LoRA file and its weight: 1 as trained, 0 no effect, negative the opposite effect."""

    path: Path
    weight: float = 1.0

    @property
    def name(self) -> str:
        return self.path.stem


@dataclass
class Layer:
    """The tensors of one layer in a file. alpha: None if the file has none, which means the rank."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    alpha: float | None = None

    @property
    def shape(self) -> tuple[int, int] | None:
        """(out, in·height·width) of the weight that it changes; None if its tensors don't fit together."""
        down, up = self.tensors["down"], self.tensors["up"]
        if min(down.ndim, up.ndim) < 2 or 0 in (*down.shape, *up.shape) or len(down) > MAX_RANK:
            return None
        core = self.tensors.get("mid", torch.eye(len(down))[..., None, None])
        if core.ndim != 4 or core.shape[:2] != (up[0].numel(), len(down)):
            return None
        return len(up), down[0].numel() * core[0, 0].numel()

    def delta(self) -> Tensor:
        """float32 [out,in·height·width]: the change at weight 1."""
        down, up = (self.tensors[name].float().flatten(1) for name in ("down", "up"))
        scaled = down * (1.0 if self.alpha is None else self.alpha / len(down))
        if "mid" in self.tensors:  # a convolution in three parts: 1×1, k×k, 1×1
            return torch.einsum("or,rsyx,si->oiyx", up, self.tensors["mid"].float(), scaled).flatten(1)
        return up @ scaled


def parse_lora(text: str) -> Lora:
    """Parse "FILE" or "FILE:WEIGHT"; the weight is 1 if it is missing. Raises InputError."""
    name, colon, number = text.rpartition(":")
    try:
        lora = Lora(expand_user(name), float(number)) if colon else Lora(expand_user(text))
    except ValueError:
        lora = Lora(expand_user(text))  # the colon is part of the file's name
    if not -10 <= lora.weight <= 10:  # written this way so that NaN is refused
        raise InputError("--lora", text, f"has the weight {lora.weight}; allowed is -10 to 10")
    if not is_file(lora.path):
        raise InputError("--lora", str(lora.path), "is not a file")
    return lora


@torch.no_grad()
def merge_lora(lora: Lora, parts: Mapping[str, Any]) -> None:
    """Add a LoRA to modules in place. parts: "unet", "text_encoder", "text_encoder_2" → module; only those that the model has.

    Raises InputError, before anything is changed, for a file that isn't a LoRA, isn't low-rank or was made for another model; and
    for weights that become infinite.
    """
    places = {part: dict(_layers_by_name(part, module)) for part, module in parts.items()}
    found = []
    for (part, name), layer in _read(lora.path).items():
        module = places.get(part, {}).get(name)
        if module is None:
            problem = f"is no layer of this model's {part}; the LoRA was made for another model"
            raise InputError(lora.path, name, problem)
        if not {"down", "up"} <= layer.tensors.keys():
            raise InputError(lora.path, name, "has only half of its tensors")
        if layer.shape != module.weight.flatten(1).shape:
            raise InputError(lora.path, name, "is of another shape here; the LoRA was made for another model")
        found.append((module.weight, layer))
    for weight, layer in found:  # one at a time: all products together would be as large as the model
        delta = layer.delta().to(weight.device).view(weight.shape)
        weight.copy_(weight.float() + lora.weight * delta)
        if not bool(weight.isfinite().all()):
            raise InputError(lora.path, "", f"makes weights infinite at the weight {lora.weight:g}")


def _read(path: Path) -> dict[tuple[str, str], Layer]:
    """(part, layer's name with underscores for dots) → the layer's tensors."""
    with open_tensors(path, "a LoRA, a .safetensors file") as file:
        return _layers(path, file)


def _layers(path: Path, file: TensorFile) -> dict[tuple[str, str], Layer]:
    header = file.header
    names = [name for name in header.tensors if not name.startswith(BUNDLED)]
    if not names:
        raise InputError(path, "", "is empty")
    known = parse_json(header.metadata.get(METADATA, "{}"), path, "what peft knows of a LoRA", METADATA)
    if not isinstance(known, dict):
        raise InputError(path, METADATA, "is not a JSON object")
    refuse_integers(path, {n: t for n, t in header.tensors.items() if n in names and not n.endswith(".alpha")})
    layers: defaultdict[tuple[str, str], Layer] = defaultdict(Layer)
    try:
        for name in names:
            part, stem, what = _parse_name(path, name)
            tensor = file.read(name)
            if not bool(tensor.float().isfinite().all()):
                raise InputError(path, name, "holds NaN or infinite weights")
            if what == "alpha":
                if tensor.numel() != 1:
                    raise InputError(path, name, f"has the shape {list(tensor.shape)}; an alpha is one number")
                layers[part, stem].alpha = float(tensor)
            elif what in layers[part, stem].tensors:
                raise InputError(path, name, "is also there under another name")
            else:
                layers[part, stem].tensors[what] = tensor
    except InputError:
        raise
    except RuntimeError as error:  # numbers of an unusual type
        raise InputError(path, "", describe_load_error(error)) from error
    for (part, stem), layer in layers.items():
        layer.alpha = _alpha(path, known, part, stem) if layer.alpha is None else layer.alpha
    return layers


def _parse_name(path: Path, name: str) -> tuple[str, str, str]:
    """Split a tensor's name into (part, layer, role); the role is "down", "up", "mid" or "alpha"."""
    end = next((end for end in ENDS if name.endswith(end)), None)
    if end is None:
        raise InputError(path, name, "is not LoRA's; LoHa, LoKr, DoRA and the like are other things, which don't work")
    stem = name.removesuffix(end)
    prefix = next(prefix for prefix in MODELS if stem.startswith(prefix))
    part, stem = MODELS[prefix], stem.removeprefix(prefix).replace(".processor.", ".")
    last = stem.rpartition(".")[2]
    if end.startswith("_lora") and last == "to_out" and part == "unet":
        stem += ".0"
    elif end.startswith("_lora") and last in OLDER and part != "unet":
        stem = stem.removesuffix(last) + OLDER[last]
    return part, stem.replace(".", "_").removeprefix("text_model_"), ENDS[end]


def _alpha(path: Path, known: Mapping[str, Any], part: str, layer: str) -> float | None:
    patterns = known.get(f"{part}.alpha_pattern") or {}
    if not isinstance(patterns, dict):
        raise InputError(path, f"{METADATA}.{part}.alpha_pattern", "is not a JSON object")
    special = next((a for pattern, a in patterns.items() if layer.endswith(pattern.replace(".", "_"))), None)
    alpha = special if special is not None else known.get(f"{part}.lora_alpha")
    if alpha is None:
        return None
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not -1e6 <= alpha <= 1e6:
        raise InputError(path, f"{METADATA}.{part}.lora_alpha", f"is {alpha!r}; an alpha is a number")
    return float(alpha)


def _layers_by_name(part: str, module: Any) -> Iterator[tuple[str, Any]]:
    """Yield (name with underscores for dots, layer) for each layer, under all of its names."""
    original = original_names(module) if part == "unet" else {}
    for name, layer in module.named_modules():
        if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d):
            for known in filter(None, (name, original.get(name))):
                yield known.replace(".", "_").removeprefix("text_model_"), layer
