"""`rayverie train`: hands over to the training program, diffusion/training."""

from __future__ import annotations

from app.commands import Train
from scenes.errors import InputError


def run(command: Train) -> int:
    if command.config is None:
        raise InputError("rayverie train", "CONFIG", "is missing; it is a YAML file or the name of a shipped config")
    from diffusion.training.__main__ import main

    return main([command.part, str(command.config), *command.overrides])
