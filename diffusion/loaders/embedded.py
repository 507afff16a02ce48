"""The models that come with the program, and what a model says of itself before torch is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from base.files import expand_user
from base.grid import CELL
from diffusion.loaders.base_configs import LAYOUTS, family_of, predicted

EMBEDDED = Path(__file__).parents[1] / "embedded"
SHIPPED = {"embedded": EMBEDDED, "embedded-fast": Path(__file__).parents[1] / "embedded_fast"}
"""By name; the fast one is the embedded model's few-step network as a model of its own, in the same latents."""
OWN = "rayverie.json"
Reference = str | Path | None
"""What names a model: None the embedded one, a name of SHIPPED, a pipeline folder, a .safetensors file, or a hub id in the local cache."""


def few_steps(ref: Reference = None, changed: bool = False) -> int:
    """The steps that the few-step network of a model needs, 0 where it has none; ref as in `load_model`.

    changed: whether LoRAs change the model, which then paints without a student that is another network than itself.
    A model that can't be read has none: loading it says what is wrong.
    """
    try:
        few = _own(_place(ref))["few"]
        return 0 if changed and few["folder"] != "." else int(few["steps"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def native(ref: Reference = None) -> int | None:
    """The side in pixels of the pictures that a model was trained with; None where that can't be read."""
    place = _place(ref)
    try:
        if own := _own(place).get("native"):
            return int(own)
        return _native_of(place) if place.is_file() else CELL * _json(place / "unet" / "config.json")["sample_size"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def beside(file: Path) -> Path:
    """Where a model that is one file says of itself what a folder says in OWN."""
    return file.with_name(f"{file.stem}.{OWN}")


def _native_of(file: Path) -> int:
    """Of a single file, from the list of its tensors: eight bytes say how long that is (the safetensors format)."""
    with file.open("rb") as opened:
        names = json.loads(opened.read(min(int.from_bytes(opened.read(8), "little"), 1 << 27)))
    family = family_of([name for name in names if name != "__metadata__"])
    return LAYOUTS[str(family)].native[predicted(names.get("__metadata__", {})) or "epsilon"]


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
    return _json(path) if path.is_file() else {}


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
