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


def test_a_shipped_config_goes_by_its_name(tmp_path: Path, capsys, monkeypatch) -> None:
    """Even beside a folder of that name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    small = ["chunks=2", "pictures=2", "surfaces=2", "size=64"]
    assert main(["data", "data", f"folder={tmp_path}", *small]) == 0
    assert len(list(tmp_path.glob("pictures-1-*.safetensors"))) == 2
    assert len(list(tmp_path.glob("pictures-1001-*.safetensors"))) == 2  # of held-out worlds
    assert capsys.readouterr().out.strip().endswith("pictures-1-00001.safetensors")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["evaluate", "none.yaml"], "none.yaml does not exist"),
        (["tour", "denoiser", "out=nowhere"], "train the denoiser first"),
        (["ship", "denoiser", "out=nowhere"], "train the denoiser first"),
        (["evaluate", "denoiser", "out=nowhere"], "train the denoiser first"),
        (["figures", "denoiser", "out=nowhere"], "evaluate first"),
        (["features", "features", "data.folder=nowhere"], "draw them first"),
    ],
)
def test_bad_input_is_one_sentence(words: list[str], named: str, capsys) -> None:
    assert main(words) == 2
    assert named in capsys.readouterr().err


@pytest.mark.parametrize(("words", "code"), [(["--help"], 0), ([], 2), (["clip", "denoiser"], 2), (["autoencoder"], 2)])
def test_help_and_usage(words: list[str], code: int, capsys) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == code
    assert "denoiser" in "".join(capsys.readouterr())
