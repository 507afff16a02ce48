"""Ship an upscaler: write its weights beside the embedded model's, and its training and figures into the notes."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from safetensors import safe_open

from base.errors import InputError
from diffusion.training.config import UpscalerConfig
from diffusion.training.data.pictures import DrawnPictures, choose_held_out_worlds
from diffusion.training.evaluation.ship import note_training
from diffusion.training.learners.upscaler import NAME, compare
from diffusion.training.masters import NAME as CHECKPOINT
from diffusion.upscaling.embedded import FILE
from diffusion.upscaling.weights import read_compact


def ship_upscaler(config: UpscalerConfig, target: Path = FILE) -> Path:
    """Measure the run's network on all pictures of held-out worlds and copy it to `target`. Returns the file.

    Raises InputError if it isn't trained yet.
    """
    run = Path(config.out)
    if not (run / NAME).is_file():
        raise InputError(run, NAME, "isn't there yet; train the upscaler first")
    network, unseen = read_compact(run / NAME), DrawnPictures(choose_held_out_worlds(config.data))
    figures, _ = compare(network, [unseen.tensor("images", i) for i in range(unseen.count)])
    with safe_open(run / CHECKPOINT, "pt") as file:
        steps = int(json.loads(file.metadata()["state"])["step"])
    shutil.copyfile(run / NAME, target)
    told = asdict(config) | {"data": {k: v for k, v in asdict(config.data).items() if k != "folder"}}
    notes = {
        "steps": steps,
        "pictures": DrawnPictures(config.data).count,
        "held_out": unseen.count,
        "figures": {name: round(value, 3) for name, value in figures.items()},
        "config": {k: v for k, v in told.items() if k != "out"},
    }
    note_training(target.parent, **{target.stem: notes})
    return target
