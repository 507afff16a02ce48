"""The models that come with the program, and what a model folder says of itself before torch is there."""

from __future__ import annotations

import json
from pathlib import Path

EMBEDDED = Path(__file__).parent / "embedded"
SHIPPED = {"embedded": EMBEDDED, "embedded-fast": Path(__file__).parent / "embedded_fast"}
"""By name; the fast one is the embedded model's few-step network as a model of its own, in the same latents."""
OWN = "rayverie.json"
Reference = str | Path | None
"""What names a model: None the embedded one, a name of SHIPPED, a pipeline folder, or a hub id in the local cache."""


def few_steps(ref: Reference = None) -> int:
    """The steps that the few-step network of a model needs, 0 where it has none; ref as in `load_model`.

    A folder that can't be read has none: loading it says what is wrong.
    """
    folder = SHIPPED.get("embedded" if ref is None else str(ref)) or Path(str(ref)).expanduser()
    try:
        return int(json.loads((folder / OWN).read_text(encoding="utf-8"))["few"]["steps"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0
