"""The training program's command line: what each command is, and what is wrong with a call."""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from pathlib import Path

import pytest

from diffusion.training.__main__ import COMMANDS, CONFIGS, main
from diffusion.training.config import DenoiserConfig
from diffusion.training.config_files import load_config


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
    told = capsys.readouterr()
    assert told.out.strip().endswith("pictures-1-00001.safetensors")
    assert "has no pictures of your own: 2 chunks are drawn into it" in told.err  # a folder may be misspelt


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["evaluate", "none.yaml"], "none.yaml does not exist"),
        (["tour", "denoiser", "out=nowhere"], "train the denoiser first"),
        (["ship", "denoiser", "out=nowhere"], "train the denoiser first"),
        (["evaluate", "denoiser", "out=nowhere"], "train the denoiser first"),
        (["figures", "denoiser", "out=nowhere"], "evaluate first"),
        (["features", "features", "data.folder=nowhere"], "draw them first"),
        (["data", "data", "folder="], "data.yaml: folder is empty"),
        (["data", "data", "folder=/dev/null"], "can't be written"),
        (["denoiser", "own", "lr='1e-3'"], "lr"),
        (["denoiser", "own", "data=[1"], "is not valid YAML"),
    ],
)
def test_bad_input_is_one_sentence(words: list[str], named: str, capsys) -> None:
    assert main(words) == 2
    told = capsys.readouterr().err
    assert named in told and len(told.splitlines()) == 1


def test_a_home_in_a_folder_s_name_is_meant(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    config = load_config(DenoiserConfig, CONFIGS / "own.yaml", ["data.folder=~/pictures", "out=~/run"])
    assert config.data.folder == str(tmp_path / "pictures") and config.out == str(tmp_path / "run")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("steps: 1\nsteps: 2\n", "line 2 is not valid YAML (the key 'steps' stands twice, first in line 1)"),
        ("steps: 1\n---\nsteps: 2\n", "a second document"),
        ("steps: 1:30\n", "steps is '1:30'"),
        ("steps: !!int 3\n", "tags are not read"),
        ("[" * 5000, "nested too deeply"),
    ],
)
def test_configurations_are_read_strictly(text: str, named: str, tmp_path: Path, capsys) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    assert main(["denoiser", str(tmp_path / "mine.yaml")]) == 2
    assert named in capsys.readouterr().err


@pytest.mark.parametrize(("words", "code"), [(["--help"], 0), ([], 2), (["clip", "denoiser"], 2), (["autoencoder"], 2)])
def test_help_and_usage(words: list[str], code: int, capsys) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == code
    assert "denoiser" in "".join(capsys.readouterr())
