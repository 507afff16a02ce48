"""The training program's command line: what each command is, and what is wrong with a call."""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest

from diffusion.training.__main__ import COMMANDS, main


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_a_function_of_its_config(name: str) -> None:
    module, function = COMMANDS[name].run.split(":")
    first, *others = signature(getattr(import_module(f"diffusion.training.{module}"), function)).parameters.values()
    assert first.annotation == COMMANDS[name].config.__name__
    assert all(other.default is not other.empty for other in others)


def test_a_shipped_config_goes_by_its_name(tmp_path: Path, capsys) -> None:
    small = ["data.chunks=2", "data.pictures=2", "data.surfaces=2", "data.size=64"]
    assert main(["data", "unet", f"data.folder={tmp_path}", *small]) == 0
    assert len(list(tmp_path.glob("*.safetensors"))) == 2
    assert capsys.readouterr().out.strip().endswith("pictures-1-00001.safetensors")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["evaluate", "none.yaml"], "none.yaml does not exist"),
        (["figures", "unet", "out=nowhere"], "evaluate first"),
        (["ship", "unet", "out=nowhere"], "train first"),
    ],
)
def test_bad_input_is_one_sentence(words: list[str], named: str, capsys) -> None:
    assert main(words) == 2
    assert named in capsys.readouterr().err


@pytest.mark.parametrize(("words", "code"), [(["--help"], 0), ([], 2), (["clip", "unet"], 2), (["vae"], 2)])
def test_help_and_usage(words: list[str], code: int, capsys) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == code
    assert "ship_few" in "".join(capsys.readouterr())
