"""``python -m diffusion.training evaluate CONFIG``: every measure of the trained model, written to evaluation.json."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch

from base.files import atomic_write
from diffusion.training.config import UnetConfig
from diffusion.training.evaluation.judging import open_evaluated
from diffusion.training.evaluation.measures import MEASURES


def evaluate(config: UnetConfig) -> dict[str, Any]:
    """Run all measures on `config.out/model` and write `config.out/evaluation.json` after each one.

    Existing figures of the same model and judge are kept. "count" in each measure is the number of pictures.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    path, judged = Path(config.out) / "evaluation.json", Path(config.judge)
    parts = open_evaluated(Path(config.out) / "model", judged)
    of = f"{parts.model.id} by {hashlib.sha256(judged.read_bytes()).hexdigest()[:8]}"
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    found: dict[str, Any] = before if before.get("of") == of else {"of": of}
    for name in [name for name in MEASURES if name not in found]:
        figures = {k: round(v, 4) for k, v in MEASURES[name](parts, config.count).items()}
        found[name] = {**figures, "count": config.count}
        print(name, found[name], flush=True)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found
