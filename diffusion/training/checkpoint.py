"""Checkpoints: weights, EMA, optimiser and step in one file, replaced atomically; nothing else is needed to go on.

Randomness needs no saving: every step draws from a generator made of the run's seed and the step's number.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers.training_utils import EMAModel
from torch import nn

from base.errors import InputError
from base.files import atomic_write

NAME = "checkpoint.pt"


@dataclass
class State:
    """What a run carries from step to step. `extra` holds plain numbers (the data's size, seconds so far)."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    ema: EMAModel
    step: int
    extra: dict[str, float]


def save_checkpoint(folder: Path, state: State) -> None:
    """Write the state; a kill at any moment leaves the old file or the new one."""
    shadow = state.ema.state_dict()
    content = {
        "model": state.model.state_dict(),
        "ema": {"shadow": shadow["shadow_params"], "steps": shadow["optimization_step"]},
        "optimizer": state.optimizer.state_dict(),
        "step": state.step,
        "extra": state.extra,
    }
    with atomic_write(folder / NAME) as temporary:
        torch.save(content, temporary)


def load_checkpoint(folder: Path, state: State) -> bool:
    """Continue from the folder's checkpoint, if it has one. InputError when it is of another model or broken."""
    path = folder / NAME
    if not path.exists():
        return False
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        state.model.load_state_dict(content["model"])
        state.optimizer.load_state_dict(content["optimizer"])
        shadow = content["ema"]["shadow"]
    except (RuntimeError, KeyError, ValueError, EOFError, OSError) as error:
        reason = str(error).splitlines()[0].rstrip(".:")
        raise InputError(
            path, "", f"doesn't fit this model ({reason}); choose another `out` or the old config"
        ) from error
    state.ema.shadow_params = [s.to(p.device) for s, p in zip(shadow, state.ema.shadow_params, strict=True)]
    state.ema.optimization_step = content["ema"]["steps"]
    state.step, state.extra = content["step"], dict(content["extra"])
    return True
