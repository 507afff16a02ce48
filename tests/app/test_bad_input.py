"""Whatever is wrong with the user's input ends in one sentence that names it, exit code 2, and nothing overwritten."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import moderngl
import numpy as np
import pytest
from PIL import Image

from app.__main__ import main

YAML = "materials.yaml"


@dataclass(frozen=True)
class Place:
    """A scene folder of one's own to break, files beside it, and an output that must survive."""

    scene: Path
    files: Path
    model: Path

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.scene / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def write(self, name: str, content: str | bytes) -> str:
        path = self.files / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)


@pytest.fixture
def place(tiny_scene: Path, tiny_model: Path, tmp_path: Path) -> Place:
    shutil.copytree(tiny_scene, tmp_path / "scene")
    return Place(tmp_path / "scene", tmp_path, tiny_model)


def map_of(place: Place, pixels: np.ndarray) -> None:
    Image.fromarray(pixels).save(place.scene / "map.png")


def panorama(place: Place) -> list[str]:
    matrix = list(np.eye(4).ravel())
    path = {"camera_type": "equirectangular", "camera_path": [{"camera_to_world": matrix, "fov": 60, "aspect": 1}]}
    return ["--path", place.write("path.json", json.dumps(path))]


# name → (what breaks it, returning more words for the command line; what the sentence must name)
BROKEN: dict[str, tuple[Callable[[Place], list[str] | None], tuple[str, ...]]] = {
    "no such scene": (lambda p: shutil.rmtree(p.scene), ("scene",)),
    "missing map": (lambda p: (p.scene / "map.png").unlink(), ("map.png", "does not exist")),
    "broken map": (lambda p: (p.scene / "map.png").write_bytes(b"\x89PNG\r\n\x1a\nxx") and None, ("map.png",)),
    "not a PNG": (lambda p: (p.scene / "map.png").write_text("hello") and None, ("map.png", "PNG")),
    "map too large": (lambda p: map_of(p, np.zeros((5000, 5000), np.uint8)), ("map.png", "5000")),
    "missing materials": (lambda p: (p.scene / YAML).unlink(), (YAML,)),
    "broken YAML": (lambda p: (p.scene / YAML).write_text("materials: [") and None, (YAML,)),
    "unknown key": (lambda p: p.edit(YAML, "name: wall", "nmae: wall"), (YAML, "nmae")),
    "negative height": (lambda p: p.edit(YAML, "height: 2}", "height: -3}"), (YAML, "materials[1].height", "-3")),
    "two of one colour": (lambda p: p.edit(YAML, "[40, 90, 200]", "[200, 60, 40]"), (YAML, "materials[2].source")),
    "voxels out of range": (lambda p: ["--voxels-per-block", "99"], ("--voxels-per-block", "99", "16")),
    "unknown floor": (lambda p: ["--floor", "lava"], ("floor", "lava")),
    "unknown path": (lambda p: ["--path", "scenic"], ("--path", "scenic", "orbit")),
    "missing path file": (lambda p: ["--path", str(p.files / "none.json")], ("none.json",)),
    "a panorama": (panorama, ("path.json", "camera_type", "perspective")),
    "path that is no JSON": (lambda p: ["--path", p.write("path.json", "{")], ("path.json",)),
    "no such model": (lambda p: ["--model", str(p.files / "nothing")], ("nothing",)),
    "a model without parts": (lambda p: ["--model", str(p.files)], ("unet",)),
    "no such device": (lambda p: ["--device", "abacus"], ("--device", "abacus", "cpu")),
    "unknown sampler": (lambda p: ["--sampler", "eulr"], ("--sampler", "eulr", "euler")),
    "unknown mode": (lambda p: ["--mode", "xray"], ("--mode", "xray", "painted")),
    "no steps": (lambda p: ["--steps", "0"], ("--steps", "0", "1 to 200")),
    "a size that is none": (lambda p: ["--size", "wide"], ("--size", "WIDTHxHEIGHT")),
    "a number that is none": (lambda p: ["--fps", "many"], ("--fps",)),
    "a flag that is none": (lambda p: ["--colour", "red"], ("--colour",)),
    "an odd video size": (lambda p: ["--size", "63x48"], ("out.mp4", "63x48")),
    "an unknown suffix": (lambda p: ["--out", str(p.files / "out.avi")], ("out.avi", ".mp4")),
    "a folder that is a file": (lambda p: ["--out", str(p.files / "scene" / "map.png" / "x.mp4")], ("x.mp4",)),
    "not a world": (lambda p: ["--world", p.write("w.safetensors", "hello")], ("w.safetensors",)),
    "no settings file": (lambda p: ["--settings", str(p.files / "s.json")], ("s.json", "does not exist")),
    "settings of the wrong type": (
        lambda p: ["--settings", p.write("s.json", '{"rayverie": 1, "dream": {"steps": "x"}}')],
        ("s.json", "dream.steps"),
    ),
    "settings without a name": (lambda p: ["--settings"], ("--settings", "file")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_bad_input_ends_in_one_sentence(name: str, place: Place, capsys) -> None:
    breaking, named = BROKEN[name]
    out = place.files / "out.mp4"
    out.write_bytes(b"kept")
    words = ["render", str(place.scene), "--model", str(place.model), "--device", "cpu", "--out", str(out)]
    assert main([*words, "--frames", "1", "--size", "64x48", *(breaking(place) or [])]) == 2
    said = capsys.readouterr().err
    for word in named:
        assert word in said, said
    assert "Traceback" not in said
    assert out.read_bytes() == b"kept"
    if "full helptext" not in said:  # a sentence of ours; what is no command line at all gets a box with the usage
        told = [line for line in said.splitlines() if line.strip() and "Loading weights" not in line]
        assert len(told) == 1, said
        assert told[0].endswith(".")


@pytest.fixture
def world(place: Place) -> Path:
    """A world of the tiny scene and model."""
    path = place.files / "w.safetensors"
    words = ["render", str(place.scene), "--model", str(place.model), "--device", "cpu", "--world", str(path)]
    small = ["--canvas", "48", "--steps", "1", "--frames", "1", "--size", "64x48"]
    assert main([*words, *small, "--out", str(place.files / "first")]) == 0
    return path


def cut(world: Path) -> None:
    world.write_bytes(world.read_bytes()[:-1000])


def flip(world: Path) -> None:
    content = bytearray(world.read_bytes())
    content[len(content) // 2] ^= 1  # in a tile; the end of the file is its table of contents
    world.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (cut, "damaged"),
        (flip, "damaged"),
        (lambda w: Image.fromarray(np.zeros((8, 9), np.uint8)).save(w.parent / "scene" / "map.png"), "was painted in"),
    ],
    ids=["cut off", "a flipped bit", "another scene"],
)
def test_a_world_that_does_not_fit_is_refused_and_kept(damage, named: str, place: Place, world: Path, capsys) -> None:
    damage(world)
    before = world.read_bytes()
    capsys.readouterr()
    words = ["render", str(place.scene), "--model", str(place.model), "--device", "cpu", "--world", str(world)]
    assert main([*words, "--frames", "1", "--size", "64x48", "--out", str(place.files / "second")]) == 2
    said = capsys.readouterr().err
    assert "w.safetensors" in said
    assert named in said
    assert world.read_bytes() == before
    assert not (place.files / "second").exists()


def test_no_gl_at_all(place: Place, capsys, monkeypatch) -> None:
    def nothing(*_, **__):
        raise Exception("libEGL.so not loaded")

    monkeypatch.setattr(moderngl, "create_context", nothing)
    out = place.files / "out.mp4"
    assert main(["render", str(place.scene), "--model", str(place.model), "--out", str(out)]) == 2
    assert "OpenGL" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["bench", "speed"], ("speed", "frames")),
        (["train", "denoiser"], ("CONFIG",)),
        (["train", "autoencoder", "none.yaml"], ("none.yaml",)),
        (["train", "clip", "x.yaml"], ("clip",)),
        (["inspect", "nowhere"], ("nowhere", "hamlet")),
        (["nowhere"], ("nowhere", "hamlet", "render")),
        (["rendr", "hamlet", "--out", "x.mp4"], ("rendr is neither", "perhaps render was meant.")),
        (["hamlt"], ("hamlt is neither", "perhaps hamlet was meant.")),
        (["render", "hamlt"], ("hamlt is neither", "perhaps hamlet was meant.")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_other_commands(words: list[str], named: tuple[str, ...], capsys, monkeypatch) -> None:
    monkeypatch.setenv("DISPLAY", ":99")
    assert main(words) == 2
    said = capsys.readouterr().err
    assert all(word in said for word in named), said


def test_an_invalid_scene_is_reported_before_a_missing_display(capsys, monkeypatch) -> None:
    monkeypatch.setattr("app.cli.explore.has_display", lambda: False)
    assert main(["nowhere"]) == 2
    assert "nowhere is neither" in capsys.readouterr().err


def test_our_own_fault_is_exit_code_1_with_its_traceback(capsys, monkeypatch, tiny_scene) -> None:
    monkeypatch.setattr("app.cli.inspect.inspect", lambda scene: 1 / 0)
    assert main(["inspect", str(tiny_scene)]) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.rstrip().splitlines()[-1].startswith("Rayverie failed")
