"""What a command would destroy is refused before its work, whatever the option; the model is not even loaded."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from app.__main__ import main
from app.inputs import inputs_of
from app.session import ModelChoice, SceneChoice
from scenes.load import load_scene
from scenes.nerfstudio import write_path


@pytest.fixture
def here(tiny_scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a scene, a path, pictures and files of other programs, in which one works; loading a model fails the test."""

    def loaded(*_: object) -> None:
        raise AssertionError("the model was loaded")

    monkeypatch.setattr("diffusion.loaders.loading.load_model", loaded)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(tiny_scene, tmp_path / "scene")
    write_path(load_scene(tiny_scene).paths["orbit"], tmp_path / "tour.mp4.json")
    (tmp_path / "n").mkdir()
    (tmp_path / "n" / "hamlet_orbit_warp.json").write_text('{"mine": 1}')
    for name in ("p/persistence_hamlet_walk-in.png", "a.png", "b/step_001.png", "b/blocks.png", "b/00001.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (16, 16)).save(path)
    (tmp_path / "notes.mkv.json").write_text('{"mine": 1}')
    for folder in ("f/00001.png", "g.mkv.json", "h/step_001.png"):
        (tmp_path / folder).mkdir(parents=True)
    os.mkfifo(tmp_path / "pipe.png")
    return tmp_path


def content(folder: Path) -> dict[str, bytes | None]:
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None for p in folder.rglob("*")}


RENDER = ["render", "scene", "--size", "64x48", "--frames", "3"]
BENCH = ["bench", "consistency", "--scenes", "hamlet", "--views", "3"]
GENERATE = ["generate", "brick", "--steps", "2"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([*RENDER, "--path", "tour.mp4.json", "--out", "tour.mp4"], "which --path reads"),
        ([*RENDER, "--map", "a.png", "--out", "x.mp4", "--world", "a.png"], "which --map reads"),
        ([*RENDER, "--out", "x.mp4", "--world", "scene/materials.yaml"], "which SCENE reads"),
        ([*RENDER, "--out", "x.mp4", "--world", "x.mp4"], "which --out writes"),
        ([*BENCH, "--notes", "n"], "n/hamlet_orbit_warp.json, which Rayverie did not write"),
        ([*BENCH, "--pictures", "p"], "persistence_hamlet_walk-in.png, which Rayverie did not write"),
        ([*RENDER, "--out", "notes.mkv"], "notes.mkv.json, which Rayverie did not write"),
        ([*RENDER, "--out", "b"], "00001.png, which Rayverie did not write"),
        ([*RENDER, "--out", "f"], "00001.png can't be written: it is a folder"),
        ([*RENDER, "--out", "g.mkv"], "g.mkv.json can't be written: it is a folder"),
        ([*RENDER, "--out", "x" * 248 + ".mp4"], "File name too long"),
        ([*RENDER, "--out", "new/" + "x" * 248 + ".mp4"], "more than the 255 bytes"),
        ([*RENDER, "--out", ".mp4"], "a suffix without a name"),
        ([*RENDER, "--out", "x.avi"], "a suffix that is none of"),
        ([*RENDER, "--out", "x.mp4", "--size", "63x48"], "in steps of 2"),
        ([*RENDER, "--out", ".."], "must be the name"),
        (["dream", "scene", "--world", "scene/map.png"], "which SCENE reads"),
        ([*GENERATE, "--out", ".png"], "a suffix without a name"),
        ([*GENERATE, "--init", "a.png", "--out", "a.png"], "which --init reads"),
        ([*GENERATE, "--out", "pipe.png"], "nobody reads from it"),
        ([*GENERATE, "--steps-out", ".."], "--steps-out is '..'"),
        ([*GENERATE, "--steps-out", "b"], "step_001.png, which Rayverie did not write"),
        ([*GENERATE, "--steps-out", "h"], "step_001.png can't be written: it is a folder"),
        ([*GENERATE, "--inside", "b"], "blocks.png, which Rayverie did not write"),
        ([*GENERATE, "--inside", "c", "--out", "c/blocks.png"], "which --out writes"),
    ],
)
def test_outputs_that_would_destroy_something(words, sentence, here, capsys) -> None:
    before = content(here)
    assert main(words) == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1, said
    assert content(here) == before


def test_the_settings_of_a_film_are_not_replaced_while_they_are_read(here: Path, capsys) -> None:
    (here / "film.mp4.json").write_text(json.dumps({"rayverie": 1}))
    assert main([*RENDER, "--settings", "film.mp4.json", "--out", "film.mp4"]) == 2
    assert "which --settings reads" in capsys.readouterr().err


def test_inputs_are_found_by_type(here: Path) -> None:
    (here / "l.safetensors").write_bytes(b"")
    assert ("--control", Path("l.safetensors")) in inputs_of(ModelChoice(control=("depth=l.safetensors:0.5",)))
    assert ("--lora", Path("l.safetensors")) in inputs_of(ModelChoice(lora=("l.safetensors:0.5",)))
    found = inputs_of(SceneChoice("scene", map=Path("a.png"), materials=Path("missing.yaml")))
    assert ("SCENE", Path("scene/map.png")) in found and ("--map", Path("a.png")) in found
    assert "missing.yaml" not in {path.name for _, path in found}
