"""The models that come with the program, and what a model says of itself before torch is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from base.errors import InputError
from base.files import expand_user
from base.grid import CELL
from base.reading import read_json
from base.safetensors_header import read_header
from diffusion.loaders.base_configs import BASE_CONFIGS, family_of_tensors, prediction_from_metadata

EMBEDDED = Path(__file__).parents[1] / "embedded"
SHIPPED = {"embedded": EMBEDDED, "embedded-fast": Path(__file__).parents[1] / "embedded_fast"}
"""By name; the fast one is the embedded model's few-step network as a model of its own, in the same latents."""
OWN = "rayverie.json"
MAX_STEPS, MAX_SIDE = 200, 4096  # that a model may ask for: steps of its few-step network, pixels
UNREADABLE = (InputError, OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError)
Reference = str | Path | None
"""What names a model: None the embedded one, a name of SHIPPED, a pipeline folder, a .safetensors file, or a hub id in the local cache."""


def few_steps(ref: Reference = None, changed: bool = False) -> int:
    """The steps that the few-step network of a model needs, 0 where it has none; ref as in `load_model`.

    changed: whether LoRAs change the model, which then paints without a student that is another network than itself.
    A model that can't be read has none: loading it says what is wrong.
    """
    try:
        few = _own(_place(ref))["few"]
        steps = int(few["steps"])
        return 0 if (changed and few["folder"] != ".") or not 1 <= steps <= MAX_STEPS else steps
    except UNREADABLE:
        return 0


def native(ref: Reference = None) -> int | None:
    """The side in pixels of the pictures that a model was trained with; None where that can't be read."""
    place = _place(ref)
    try:
        if own := _own(place).get("native"):
            return int(own) if CELL <= int(own) <= MAX_SIDE else None
        return (
            _native_of(place)
            if place.is_file()
            else CELL * read_json(place / "unet" / "config.json", "a configuration")["sample_size"]
        )
    except UNREADABLE:
        return None


def beside(file: Path) -> Path:
    """Where a model that is one file says of itself what a folder says in OWN."""
    return file.with_name(f"{file.stem}.{OWN}")


def _native_of(file: Path) -> int:
    """Of a single file, from the list of its tensors."""
    header = read_header(file)
    family = family_of_tensors(header.tensors)
    return BASE_CONFIGS[str(family)].native[prediction_from_metadata(header.metadata) or "epsilon"]


def _place(ref: Reference) -> Path:
    """The folder or file of a model, if it is here."""
    if ref is None or str(ref) in SHIPPED:
        return SHIPPED[str(ref or "embedded")]
    path = expand_user(str(ref))
    if path.exists() or str(ref).count("/") != 1:
        return path
    from huggingface_hub import try_to_load_from_cache

    try:
        cached = try_to_load_from_cache(str(ref), "unet/config.json")
    except ValueError:  # no name of a hub's
        return path
    return Path(cached).parents[1] if isinstance(cached, str) else path


def _own(place: Path) -> dict[str, Any]:
    path = beside(place) if place.is_file() else place / OWN
    return read_json(path, "what a model says of itself") if path.is_file() else {}
