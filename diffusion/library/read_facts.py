"""Recognise a pipeline folder, the folder of one network, or a .safetensors file."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from base.errors import InputError
from base.reading import is_file, is_folder, read_json
from base.safetensors_header import Header, read_header, weights_of
from diffusion.library.facts import Facts, Part
from diffusion.library.weight_files import choose_weights, missing_shards
from diffusion.loaders.base_configs import BASE_CONFIGS, UNET, family_of_tensors
from diffusion.loaders.embedded import OWN, read_native_size
from diffusion.loaders.options import is_raw

OURS = "Rayverie, knows surfaces"
BY_CONTEXT = {768: "sd1", 1024: "sd2", 2048: "xl"}
"""Width of the text encoding → key of BASE_CONFIGS."""
NETWORKS = {"ControlNetModel": "controlnet", "AutoencoderKL": "vae", "AutoencoderTiny": "vae"}
"""`_class_name` of a folder's configuration → kind."""
FILES: Mapping[str, Callable[[Collection[str]], bool]] = {
    "lora": lambda names: any("lora" in name for name in names),
    "controlnet": lambda names: _ends(names, "controlnet_cond_embedding.conv_in.weight", "input_hint_block.0.weight"),
    "ip-adapter": lambda names: any(name.startswith("ip_adapter.") for name in names),
    "vae": lambda names: _ends(names, "decoder.conv_out.weight") and _ends(names, "encoder.conv_in.weight"),
}
"""Kind of a file with one network → test of its tensors' names; the first match counts."""
READ_TEXT: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "lora": (("attn2", "to_k", "down"), ("attn2", "to_k", "lora_A")),
    "controlnet": (("attn2.to_k.weight",),),
    "ip-adapter": (("to_k_ip.weight",),),
}
"""Kind of a file → parts of the names of tensors that take the text encoding: alternatives, in order."""
SINGLE_PARTS = {"unet": (UNET,), "vae": ("first_stage_model.",), "text_encoder": ("cond_stage_model.", "conditioner.")}


def read_facts(path: Path) -> Facts | None:
    """The facts about a path; None if it is none of KINDS. Damaged and missing parts are in `Facts.missing`."""
    try:
        if is_folder(path):
            return _of_folder(path)
        return _of_file(path) if path.suffix == ".safetensors" and is_file(path) else None
    except (InputError, OSError) as error:
        return Facts(path, "model", "unknown", missing=(_phrase(error),))


def _of_folder(path: Path) -> Facts | None:
    if (path / "model_index.json").is_file() or (path / "unet").is_dir():
        return _of_pipeline(path)
    place = path / "controlnet" if (path / "controlnet").is_dir() else path
    if not (place / "config.json").is_file():
        return None
    config = _object(place / "config.json")
    kind = NETWORKS.get(str(config.get("_class_name")))
    if kind is None:
        return None
    part, missing = _read_part(place, kind)
    width = _first(config.get("block_out_channels")) if kind == "vae" else 0
    family = (
        _family_of_context(config.get("cross_attention_dim")) if kind == "controlnet" else str(config["_class_name"])
    )
    return Facts(path, kind, family, _some(part), width=width, missing=tuple(missing))


def _of_pipeline(path: Path) -> Facts:
    unet, vae, own = (_object(path / part) for part in ("unet/config.json", "vae/config.json", OWN))
    index = _object(path / "model_index.json")
    ours = unet.get("_class_name") == "SurfaceUNet"
    xl = unet.get("addition_embed_type") == "text_time"
    family, unsupported = _family_of_pipeline(path, unet, index)
    texts = [] if own.get("text") == "minilm" else ["text_encoder", "text_encoder_2"] if xl else ["text_encoder"]
    parts, missing = [], []
    for name in ("unet", "vae", *texts):
        part, lacks = _read_part(path / name, name)
        parts += _some(part)
        missing += lacks
    needed = [text.replace("text_encoder", "tokenizer") for text in texts]
    missing += [name for name in needed if not (path / name).is_dir()]
    if not ours and not (path / "scheduler" / "scheduler_config.json").is_file():
        missing.append("scheduler/scheduler_config.json")
    widths = vae.get("block_out_channels") or vae.get("decoder_channels") or vae.get("decoder_block_out_channels")
    if unsupported and not (path / "unet").is_dir():  # the parts that this program needs don't matter then
        missing = []
    raw = any(is_raw(file.name) for file in (path / "unet").glob("*.safetensors"))
    native = read_native_size(path)
    return Facts(path, "model", family, tuple(parts), native, _first(widths), tuple(missing), unsupported, raw)


def _family_of_pipeline(path: Path, unet: Mapping[str, Any], index: Mapping[str, Any]) -> tuple[str, str]:
    """(family; why it can't be loaded, or "")."""
    if (path / "transformer").is_dir() or "transformer" in index:
        return str(index.get("_class_name", "a transformer")), "is a diffusion transformer"
    if unet.get("_class_name") == "SurfaceUNet":
        return OURS, ""
    if unet.get("addition_embed_type") == "text_time":
        family = BASE_CONFIGS["xl"].name
    else:
        second = unet.get("cross_attention_dim") == 1024 or unet.get("use_linear_projection")
        family = BASE_CONFIGS["sd2" if second else "sd1"].name
    if unet.get("in_channels", 4) == 9:
        return family, "is an inpainting model"
    if unet.get("class_embed_type"):
        return family, "is a network of another kind"
    return family, ""


def _of_file(path: Path) -> Facts | None:
    header = read_header(path)
    names = header.tensors
    family = family_of_tensors(names)
    if family is None:
        kind = next((kind for kind, fits in FILES.items() if fits(names)), None)
        if kind is None:
            if any(name.startswith(UNET) for name in names):
                return Facts(
                    path, "model", "unknown", (_part(path, "file", header),), unsupported="is of another family"
                )
            return None
        return Facts(path, kind, _family_of_context(_context_width(kind, header)), (_part(path, kind, header),))
    parts = [_part(path, part, header, starts) for part, starts in SINGLE_PARTS.items()]
    missing = tuple(part.name for part in parts if not part.parameters)
    base = BASE_CONFIGS[family]
    width = _first(base.vae["block_out_channels"])
    return Facts(path, "model", base.name, tuple(parts), read_native_size(path), width, missing)


def _read_part(folder: Path, name: str) -> tuple[Part | None, list[str]]:
    """(the network in a folder, what it lacks)."""
    lacks = [] if (folder / "config.json").is_file() else [f"{name}/config.json"]
    found = [file.name for file in folder.glob("*.safetensors") if file.is_file()]
    used = choose_weights(found) or sorted(found)
    if not used:
        return None, [*lacks, f"the weights of {name}"]
    lacks += [f"{name}, weights {number}" for number in missing_shards(used)]
    parts = []
    for file in used:
        try:
            parts.append(_part(folder / file, name, read_header(folder / file)))
        except InputError as error:
            lacks.append(_phrase(error))
    types: Counter[str] = Counter()
    for part in parts:
        types.update(dict(part.types))
    return Part(name, sum(p.parameters for p in parts), sum(p.bytes for p in parts), tuple(types.items())), lacks


def _part(path: Path, name: str, header: Header, starts: tuple[str, ...] = ("",)) -> Part:
    """The network in a file, or in its tensors with one of these prefixes."""
    types: Counter[str] = Counter()
    size = 0
    for key, tensor in weights_of(header).items():
        if key.startswith(starts):
            types[tensor.kind] += math.prod(tensor.shape)
            size += tensor.end - tensor.start
    return Part(name, sum(types.values()), size, tuple(types.items()))


def _context_width(kind: str, header: Header) -> int | None:
    """The width of the text encoding that a LoRA, ControlNet or IP-Adapter expects."""
    for parts in READ_TEXT.get(kind, ()):
        for name, tensor in header.tensors.items():
            if all(part in name for part in parts) and len(tensor.shape) >= 2:
                return tensor.shape[1]
    return None


def _family_of_context(width: Any) -> str:
    return BASE_CONFIGS[BY_CONTEXT[width]].name if width in BY_CONTEXT else "unknown"


def _object(path: Path) -> dict[str, Any]:
    """A JSON object; {} where there is none. Raises InputError."""
    found = read_json(path, "a configuration") if path.is_file() else {}
    if not isinstance(found, dict):
        raise InputError(path, "", "is not a JSON object")
    return found


def _first(values: Any) -> int:
    first = values[0] if isinstance(values, list | tuple) and values else 0
    return first if type(first) is int and 0 < first < 1 << 16 else 0


def _some(part: Part | None) -> tuple[Part, ...]:
    return () if part is None else (part,)


def _ends(names: Collection[str], *ends: str) -> bool:
    return any(name.endswith(ends) for name in names)


def _phrase(error: InputError | OSError) -> str:
    if isinstance(error, InputError):
        return f"{Path(error.where).name}{f': {error.field}' if error.field else ''} {error.problem}"
    return error.strerror or str(error)
