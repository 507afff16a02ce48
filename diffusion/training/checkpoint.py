"""Checkpoints: weights, EMA, optimiser and step in one file, replaced atomically; a run resumes from it alone.

Random state isn't saved: every step uses a generator seeded with the run's seed and the step's number.
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
    """The state of a run between steps. extra: plain numbers (the data's size, seconds so far)."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    ema: EMAModel
    step: int
    extra: dict[str, float]


def save_checkpoint(folder: Path, state: State) -> None:
    """Write the state. If the process is killed, either the old or the new file remains, whole."""
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
    """Restore the state from the folder's checkpoint; False if there is none. Raises InputError if it is damaged or of another model."""
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
