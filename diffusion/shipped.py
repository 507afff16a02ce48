"""The models that come with the program, and what a model says of itself before torch is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from diffusion.layouts import LAYOUTS, family_of, predicted

EMBEDDED = Path(__file__).parent / "embedded"
SHIPPED = {"embedded": EMBEDDED, "embedded-fast": Path(__file__).parent / "embedded_fast"}
"""By name; the fast one is the embedded model's few-step network as a model of its own, in the same latents."""
OWN = "rayverie.json"
CELL = 8  # pixels
Reference = str | Path | None
"""What names a model: None the embedded one, a name of SHIPPED, a pipeline folder, a .safetensors file, or a hub id in the local cache."""


def few_steps(ref: Reference = None) -> int:
    """The steps that the few-step network of a model needs, 0 where it has none; ref as in `load_model`.

    A model that can't be read has none: loading it says what is wrong.
    """
    try:
        return int(_json(_folder(ref) / OWN)["few"]["steps"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0


def native(ref: Reference = None) -> int | None:
    """The side in pixels of the pictures that a model was trained with; None where that can't be read."""
    path = _folder(ref)
    try:
        if path.is_file():
            return _native_of(path)
        own = _json(path / OWN) if (path / OWN).is_file() else {}
        return int(own.get("native") or CELL * _json(path / "unet" / "config.json")["sample_size"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _native_of(file: Path) -> int:
    """Of a single file, from the list of its tensors: eight bytes say how long that is (the safetensors format)."""
    beside = file.with_name(f"{file.stem}.{OWN}")
    if beside.is_file() and "native" in (own := _json(beside)):
        return int(own["native"])
    with file.open("rb") as opened:
        names = json.loads(opened.read(min(int.from_bytes(opened.read(8), "little"), 1 << 27)))
    family = family_of([name for name in names if name != "__metadata__"])
    return LAYOUTS[str(family)].native[predicted(names.get("__metadata__", {})) or "epsilon"]


def _folder(ref: Reference) -> Path:
    shipped = SHIPPED.get("embedded" if ref is None else str(ref))
    return shipped or Path(str(ref)).expanduser()


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
