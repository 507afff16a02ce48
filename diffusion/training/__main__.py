"""``python -m diffusion.training COMMAND CONFIG [key=value …]``, COMMAND one of the table below; runs go on where they stopped."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

from scenes.errors import InputError


def _data(path: str, overrides: list[str]) -> object:
    from diffusion.training.config import UnetConfig, load_config
    from diffusion.training.dataset import write_chunk

    config = load_config(UnetConfig, path, overrides)
    return [write_chunk(config.data, index) for index in range(config.data.chunks)][-1]


def _vae(path: str, overrides: list[str]) -> object:
    from diffusion.training.config import VaeConfig, load_config
    from diffusion.training.vae import train_vae

    return train_vae(load_config(VaeConfig, path, overrides))


def _unet(path: str, overrides: list[str]) -> object:
    from diffusion.training.config import UnetConfig, load_config
    from diffusion.training.unet import train_unet

    return train_unet(load_config(UnetConfig, path, overrides))


def _compare(path: str, overrides: list[str]) -> object:
    from diffusion.training.compare import compare
    from diffusion.training.config import UnetConfig, load_config

    return compare(load_config(UnetConfig, path, overrides))


def _few(path: str, overrides: list[str]) -> object:
    from diffusion.training.config import FewConfig, load_config
    from diffusion.training.few import train_few

    return train_few(load_config(FewConfig, path, overrides))


def _judge(path: str, overrides: list[str]) -> object:
    from diffusion.training.classifier import train_classifier
    from diffusion.training.config import JudgeConfig, load_config

    return train_classifier(load_config(JudgeConfig, path, overrides))


def _evaluate(path: str, overrides: list[str]) -> object:
    from diffusion.training.config import UnetConfig, load_config
    from diffusion.training.evaluate import evaluate

    return evaluate(load_config(UnetConfig, path, overrides))


def _figures(path: str, overrides: list[str]) -> object:
    from diffusion.training.config import UnetConfig, load_config
    from diffusion.training.figures import write_figures

    evaluation = Path(load_config(UnetConfig, path, overrides).out) / "evaluation.json"
    if not evaluation.is_file():
        raise InputError(evaluation, "", "isn't there yet; evaluate first")
    page = Path("docs/training.md")
    write_figures(page, json.loads(evaluation.read_text(encoding="utf-8")))
    return page


def _ship(path: str, overrides: list[str]) -> object:
    from diffusion.training.card import ship
    from diffusion.training.config import UnetConfig, load_config

    return ship(load_config(UnetConfig, path, overrides))


def _ship_few(path: str, overrides: list[str]) -> object:
    from diffusion.training.card import ship_student
    from diffusion.training.config import FewConfig, load_config

    return ship_student(load_config(FewConfig, path, overrides))


def _sheets(path: str, overrides: list[str]) -> object:
    from diffusion.training.config import UnetConfig, load_config
    from diffusion.training.judging import open_parts, open_student
    from diffusion.training.sheets import few_sheet, materials_sheet, samples_sheet

    config = load_config(UnetConfig, path, overrides)
    out = Path(config.out)
    materials_sheet(out / "training_materials.png")
    parts = open_parts(out / "model", Path(config.judge))
    samples_sheet(parts, out / "training_samples.png")
    student = open_student(parts)
    if student is not None:
        few_sheet(parts, student, out / "training_few.png")
    return out


COMMANDS: dict[str, Callable[[str, list[str]], object]] = {
    "vae": _vae,
    "unet": _unet,
    "few": _few,
    "data": _data,
    "judge": _judge,
    "compare": _compare,
    "evaluate": _evaluate,
    "figures": _figures,
    "ship": _ship,
    "ship_few": _ship_few,
    "sheets": _sheets,
}


def main(arguments: list[str]) -> int:
    """Run one command; 0 done, 2 bad input."""
    if len(arguments) < 2 or arguments[0] not in COMMANDS:
        print(f"usage: python -m diffusion.training {'|'.join(COMMANDS)} CONFIG [key=value …]", file=sys.stderr)
        return 2
    command, config, *overrides = arguments
    if not Path(config).exists():  # a name of one that ships with the package
        shipped = Path(__file__).parent / "configs" / f"{config}.yaml"
        config = str(shipped) if shipped.exists() else config
    try:
        print(COMMANDS[command](config, overrides))
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
