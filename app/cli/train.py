"""`rayverie train`: hands over to the training program, diffusion/training."""

from __future__ import annotations

from app.commands import Train
from base.errors import InputError


def run(command: Train) -> int:
    if not command.what or command.config is None:
        raise InputError("rayverie train", "", "needs a COMMAND and a CONFIG, such as `rayverie train data data`")
    from diffusion.training.__main__ import main

    return main([command.what, str(command.config), *command.overrides])
