"""`rayverie models`: each action, what it refuses, and that it asks before it deletes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.__main__ import main
from app.cli.model_tables import size
from app.files import model_folders
from base.errors import InputError
from tests.diffusion.library.fake_hub import ID, FakeHub, hub_with

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config"
    monkeypatch.setattr("app.cli.models.config_folder", lambda: folder)
    return folder


@pytest.fixture
def hub(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with hub_with(tiny_model, monkeypatch) as made:
        yield made


def models(*words: object, cache: Path) -> int:
    return main(["models", *map(str, words), "--cache-dir", str(cache)])


def test_a_model_is_downloaded_listed_verified_and_cleared(hub: FakeHub, tmp_path: Path, capsys) -> None:
    cache = tmp_path / "cache"
    assert models("download", ID, cache=cache) == 0
    assert "files" in (said := capsys.readouterr().err) and str(cache) in said.replace("\n", "")
    assert models("list", "--json", cache=cache) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in found["models"]] == ["embedded", ID]
    assert found["models"][1]["complete"] and found["models"][1]["fits"] and found["free"] > 0
    assert models("info", ID, cache=cache) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("Stable Diffusion 1.x", "float32", "unet", "memory", "usable"))
    assert models("verify", ID, cache=cache) == 0
    assert "files have the right hash" in capsys.readouterr().out
    assert models("clear", ID, cache=cache) == 2
    assert "add --yes" in capsys.readouterr().err and len(list(cache.glob("models--*"))) == 1
    assert models("clear", ID, "--yes", cache=cache) == 0
    assert not list(cache.glob("models--*"))


def test_damage_is_told_with_exit_code_2(hub: FakeHub, tmp_path: Path, capsys) -> None:
    cache = tmp_path / "cache"
    assert models("download", ID, "--half", cache=cache) == 0
    blob = next((cache / "models--someone--painter" / "snapshots").rglob("unet/*.safetensors")).resolve()
    blob.write_bytes(blob.read_bytes()[:-4] + b"oops")
    capsys.readouterr()
    assert models("verify", cache=cache) == 2
    told = capsys.readouterr()
    assert "is damaged, its hash is another" in told.err and "embedded is complete" in told.out


@pytest.mark.parametrize("refs", [[], [ID]])
def test_an_entry_without_snapshots_is_told(refs: list[str], tmp_path: Path, capsys) -> None:
    (tmp_path / "models--someone--painter" / "blobs").mkdir(parents=True)
    assert models("verify", *refs, cache=tmp_path) == 2
    told = capsys.readouterr()
    assert f"{ID}: no files in the cache; download it again or clear it.\n" in told.err
    assert f"{ID} is complete" not in told.out


def test_registered_folders_are_listed_and_never_cleared(
    hub: FakeHub, tiny_model: Path, tmp_path: Path, capsys
) -> None:
    cache = tmp_path / "cache"
    assert models("download", ID, cache=cache) == 0
    snapshot = next((cache / "models--someone--painter" / "snapshots").iterdir())
    assert models("add", tiny_model, snapshot, cache=cache) == 0
    assert models("list", cache=cache) == 0
    assert str(tiny_model)[:20] in capsys.readouterr().out
    assert models("clear", tiny_model, "--yes", cache=cache) == 2
    assert "is registered: `models remove` forgets it" in capsys.readouterr().err
    assert models("clear", "--all", "--yes", cache=cache) == 0
    assert "stays: it is registered" in capsys.readouterr().err and snapshot.exists()
    assert models("remove", snapshot, cache=cache) == 0
    assert models("remove", snapshot, cache=cache) == 2
    assert models("clear", "--all", "--yes", cache=cache) == 0
    assert not snapshot.exists() and (tiny_model / "model_index.json").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["info"], "REF is missing; name one model"),
        (["list", "x"], "takes no REF"),
        (["list", "--device", "auto:0"], "--device is 'auto:0'; allowed are auto, cpu, cuda, mps"),
        (["list", "--device", "tpu"], "--device is 'tpu'; allowed are auto, cpu, cuda, mps"),
        (["info", "a/b", "c/d"], "REF is given 2 times; name one model"),
        (["add"], "REF is missing; name at least one model"),
        (["info", "nobody/nothing"], "is neither a model of this program"),
        (["verify", "nobody/nothing"], "is not in the cache"),
        (["verify", "..//x"], "is no hub id; it must be like owner/name"),
        (["clear"], "names no model; give an id or --all"),
        (["clear", "a/b", "--all"], "names models, and --all"),
        (["clear", "embedded", "--yes"], "comes with the program"),
        (["clear", "nobody/nothing", "--yes"], "is not in the cache"),
        (["add", "/nowhere"], "is neither a file nor a folder"),
        (["download", "..//x"], "is no hub id"),
        (["fetch"], "allowed are list, info, download"),
    ],
)
def test_bad_input_is_one_sentence_and_2(words: list[str], said: str, tmp_path: Path, capsys) -> None:
    assert models(*words, cache=tmp_path / "cache") == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


def test_a_cache_that_is_no_folder_is_one_sentence(tmp_path: Path, capsys) -> None:
    (tmp_path / "file").write_text("")
    assert models("list", cache=tmp_path / "file") == 2
    assert capsys.readouterr().err == f"--cache-dir is {tmp_path / 'file'}, which is no folder.\n"


def test_an_option_without_effect_is_named(tmp_path: Path, capsys) -> None:
    assert models("list", "--yes", "--half", cache=tmp_path) == 0
    assert capsys.readouterr().err.splitlines() == [
        "--half has no effect on `models list`.",
        "--yes has no effect on `models list`.",
    ]


def test_the_program_itself_downloads_from_the_hub_that_is_named(hub: FakeHub, tmp_path: Path) -> None:
    hub.cuts["vae/diffusion_pytorch_model.safetensors"] = [4000]
    environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
    environment |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    command = [sys.executable, "-m", "app", "models", "download", ID]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert f"Use it as --model {ID}." in done.stderr and not done.stdout
    assert hub.fetched("vae/diffusion_pytorch_model.safetensors") == [0, 4000]
    done = subprocess.run(
        [*command[:-1], "someone/other"], cwd=ROOT, env=environment | {"HF_ENDPOINT": "http://127.0.0.1:9"},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2 and "no connection to http://127.0.0.1:9" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_list_of_folders_survives_anything(tmp_path: Path, config: Path) -> None:
    assert model_folders.load(config) == ()
    paths = model_folders.add_folder(model_folders.add_folder((), tmp_path), tmp_path)
    model_folders.save(config, paths)
    assert model_folders.load(config) == (tmp_path,) and model_folders.remove_folder(paths, tmp_path) == ()
    for text in ("{", "3", '{"a": 1}', "[1]", '[""]'):
        (config / model_folders.FILE).write_text(text)
        with pytest.raises(InputError):
            model_folders.load(config)


def test_sizes_are_short() -> None:
    assert [size(n) for n in (0, 999, 1500, 26_100_000, 7_100_000_000)] == [
        "0 bytes",
        "999 bytes",
        "1.5 kB",
        "26.1 MB",
        "7.1 GB",
    ]
