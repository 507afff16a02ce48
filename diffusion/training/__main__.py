"""``python -m diffusion.training COMMAND CONFIG [key=value …]``: the table of commands. Interrupted runs resume."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from base.errors import InputError
from diffusion.training.config import (
    AutoencoderConfig,
    DataConfig,
    DenoiserConfig,
    FeaturesConfig,
    JudgeConfig,
    UpscalerConfig,
)
from diffusion.training.config_files import load_config

CONFIGS = Path(__file__).parent / "configs"


@dataclass(frozen=True)
class Command:
    """A row of the table. config: the dataclass that CONFIG is read into

    run: "module:function" in this package (config → text to print); the module is imported only when the command runs.
    """

    config: type
    run: str


COMMANDS = {
    "data": Command(DataConfig, "data.dataset:prepare"),
    "features": Command(FeaturesConfig, "learners.features:train_features"),
    "autoencoder": Command(AutoencoderConfig, "learners.autoencoder:train_autoencoder"),
    "cells": Command(DenoiserConfig, "learners.denoiser:encode"),
    "denoiser": Command(DenoiserConfig, "learners.denoiser:train_denoiser"),
    "judge": Command(JudgeConfig, "evaluation.classifier:train_classifier"),
    "upscaler": Command(UpscalerConfig, "learners.upscaler:train_upscaler"),
    "ship-upscaler": Command(UpscalerConfig, "evaluation.ship_upscaler:ship_upscaler"),
    "evaluate": Command(DenoiserConfig, "evaluation.evaluate:evaluate"),
    "figures": Command(DenoiserConfig, "evaluation.evaluate:write_page"),
    "sheets": Command(DenoiserConfig, "evaluation.sheets:write_sheets"),
    "ship": Command(DenoiserConfig, "evaluation.ship:ship"),
    "tour": Command(DenoiserConfig, "evaluation.scene_views:paint_tour"),
}


def main(arguments: list[str]) -> int:
    """Run one command. Returns the exit code: 0 on success, 2 for bad input. Raises SystemExit for usage errors and help."""
    parser = argparse.ArgumentParser(prog="python -m diffusion.training", description="See docs/training.md.")
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("config", help="a YAML file, or the name of one in diffusion/training/configs")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="values that replace the file's")
    asked = parser.parse_args(arguments)
    command, shipped = COMMANDS[asked.command], CONFIGS / f"{asked.config}.yaml"
    path = shipped if shipped.exists() and not Path(asked.config).is_file() else asked.config
    module, function = command.run.split(":")
    try:
        config = load_config(command.config, path, asked.overrides)
        for remark in import_module("diffusion.training.data.sources").idle_remarks(config):
            print(remark, file=sys.stderr)
        print(getattr(import_module(f"diffusion.training.{module}"), function)(config))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
