"""``python -m diffusion.training evaluate CONFIG``: measure a model and write the figures beside its weights."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch

from base.errors import InputError
from base.files import atomic_write
from diffusion.training.config import DenoiserConfig
from diffusion.training.data.captioned import is_own_folder
from diffusion.training.evaluation.figures import write_figures
from diffusion.training.evaluation.held_out import measure_held_out
from diffusion.training.evaluation.measures import MEASURES
from diffusion.training.evaluation.subject import open_painter

NAME = "evaluation.json"
PAGE = Path("docs/training.md")


def evaluate(config: DenoiserConfig) -> Path:
    """Measure `config.model`, or the run. `out/evaluation.json` is written after each measure.

    Earlier figures of the same model, default settings, judge and count are kept. "count" is the number of pictures asked for.
    A model of the user's own pictures gets the measures of `measure_held_out` instead.
    Raises InputError for a measure that doesn't exist.
    """
    if is_own_folder(config.data.folder):
        return _evaluate_own(config)
    for name in config.measures:
        if name not in MEASURES:
            raise InputError("config", "measures", f"is {name!r}; known are {', '.join(MEASURES)}")
    if config.threads:
        torch.set_num_threads(config.threads)
    path, subject = Path(config.out) / NAME, open_painter(config)
    path.parent.mkdir(parents=True, exist_ok=True)
    prefers = json.dumps(dict(subject.model.defaults), sort_keys=True)
    judge = hashlib.sha256(Path(config.judge).read_bytes()).hexdigest()[:8]
    of = f"{subject.model.id} with {prefers} by {judge}"
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    found: dict[str, Any] = before if before.get("of") == of else {"of": of}
    for name in config.measures or MEASURES:
        if found.get(name, {}).get("count") == config.count:
            continue
        with torch.inference_mode():
            figures = {k: round(v, 4) for k, v in MEASURES[name](subject, config.count).items()}
        found[name] = {**figures, "count": config.count}
        print(name, found[name], flush=True)
        with atomic_write(path) as temporary:
            temporary.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return path


def _evaluate_own(config: DenoiserConfig) -> Path:
    path = Path(config.out) / NAME
    if config.measures:
        raise InputError("config", "measures", "needs drawn pictures; those of one's own have measures of their own")
    found = {name: {k: round(v, 4) for k, v in part.items()} for name, part in measure_held_out(config).items()}
    for name, figures in found.items():
        print(name, figures, flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        temporary.write_text(
            json.dumps({"of": config.model or config.weights, **found}, indent=1) + "\n", encoding="utf-8"
        )
    return path


def write_page(config: DenoiserConfig) -> Path:
    """Write a run's figures into docs/training.md of the current checkout. Raises InputError if there are none yet."""
    path = Path(config.out) / NAME
    if not path.is_file():
        raise InputError(path, "", "isn't there yet; evaluate first")
    write_figures(PAGE, json.loads(path.read_text(encoding="utf-8")))
    return PAGE
