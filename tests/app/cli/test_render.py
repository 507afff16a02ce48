"""Headless render on the tiny scene with a tiny model: deterministic, resumable, and it never destroys what there was."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from app.cli import render
from app.cli.explore import has_display
from app.session import restore
from scenes.load import load_scene


@pytest.fixture
def words(tiny_scene: Path, tiny_model: Path) -> list[str]:
    """A render of few small frames, without --out."""
    picture = ["--size", "64x48", "--fps", "1", "--frames", "2", "--canvas", "48", "--steps", "2"]
    return ["render", str(tiny_scene), "--model", str(tiny_model), "--device", "cpu", *picture]


def frames(folder: Path) -> list[bytes]:
    return [np.asarray(Image.open(path)).tobytes() for path in sorted(folder.glob("*.png"))]


def test_the_same_seed_gives_the_same_world_bit_for_bit(words, tmp_path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        more = ["--out", str(tmp_path / name), "--world", str(tmp_path / f"{name}.safetensors"), "--seed", str(seed)]
        assert main([*words, *more]) == 0
    worlds = [(tmp_path / f"{name}.safetensors").read_bytes() for name in "abc"]
    assert worlds[0] == worlds[1] != worlds[2]
    assert frames(tmp_path / "a") == frames(tmp_path / "b") != frames(tmp_path / "c")
    assert len(frames(tmp_path / "a")) == 2


def test_a_painted_world_costs_no_model_call_and_stays_as_it_is(words, tmp_path, capsys) -> None:
    world = tmp_path / "w.safetensors"
    assert main([*words, "--out", str(tmp_path / "first"), "--world", str(world)]) == 0
    painted = world.read_bytes()
    capsys.readouterr()
    assert main([*words, "--out", str(tmp_path / "again"), "--world", str(world)]) == 0
    assert "(0 model calls)" in capsys.readouterr().err
    assert world.read_bytes() == painted


def test_only_what_is_shown_or_kept_is_dreamed(words, tmp_path, capsys) -> None:
    def calls(*more: str) -> int:
        assert main([*words, "--out", str(tmp_path / "frames"), *more]) == 0
        return int(re.findall(r"\((\d+) model calls\)", capsys.readouterr().err)[-1])

    assert calls("--mode", "material") == calls("--mode", "depth") == 0
    assert calls("--mode", "latents") > 0
    assert calls("--mode", "material", "--world", str(tmp_path / "w.world")) > 0


def test_an_output_that_is_a_folder_is_refused_before_anything_is_dreamed(words, tmp_path, capsys) -> None:
    (tmp_path / "v.mp4").mkdir()
    assert main([*words, "--out", str(tmp_path / "v.mp4")]) == 2
    said = capsys.readouterr().err
    assert "v.mp4 can't be written: it is a folder." in said and "frame 1" not in said


def test_a_video_has_its_frames_and_its_settings(words, tmp_path) -> None:
    out = tmp_path / "v.mp4"
    assert main([*words, "--out", str(out), "--scale", "2.5"]) == 0
    with av.open(str(out)) as video:
        shapes = [frame.to_ndarray(format="rgb24").shape for frame in video.decode(video=0)]
        inside = json.loads(video.metadata["comment"])
    assert shapes == [(48, 64, 3)] * 2
    beside = json.loads((tmp_path / "v.mp4.json").read_text())
    assert inside == beside
    session, notes = restore(beside, "v.mp4.json")
    assert (session.dream.scale, session.dream.steps, notes) == (2.5, 2, [])


def test_the_settings_beside_a_video_make_it_again(words, tmp_path) -> None:
    assert main([*words, "--out", str(tmp_path / "a"), "--seed", "3"]) == 0
    again = ["render", "--settings", str(tmp_path / "a.json"), "--size", "64x48", "--fps", "1", "--frames", "2"]
    assert main([*again, "--out", str(tmp_path / "b")]) == 0
    assert frames(tmp_path / "a") == frames(tmp_path / "b")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_was_painted_and_the_old_video(number, words, tmp_path, monkeypatch, capsys) -> None:
    out, world = tmp_path / "v.mp4", tmp_path / "w.safetensors"
    out.write_bytes(b"an old video")
    view = next(render.cameras(load_scene(words[1]).paths["orbit"], 1.0, 1))

    def interrupted(*_):
        yield view
        signal.raise_signal(number)
        yield view

    class Views(list):
        __iter__ = interrupted

    monkeypatch.setattr(render, "cameras", lambda *_: [None])
    monkeypatch.setattr(render, "list", lambda _: Views([None, None]), raising=False)
    assert main([*words, "--out", str(out), "--world", str(world)]) == 130
    assert out.read_bytes() == b"an old video"
    assert world.exists()
    assert "Stopped." in capsys.readouterr().err
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_the_frames_are_a_fixed_time_apart(tiny_scene) -> None:
    path = load_scene(tiny_scene).paths["orbit"]
    views = list(render.cameras(path, 4.0, None))
    assert len(views) == int(path.seconds * 4)
    assert views[4] == list(render.cameras(path, 1.0, 2))[1]


def test_without_a_display_the_tour_is_rendered_instead(words, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(render, "cameras", lambda path, fps, count, real=render.cameras: real(path, 1.0, 1))
    out = tmp_path / "tour.mp4"
    explore = [*words[1:6], "--canvas", "48", "--steps", "1"]
    assert main([*explore, "--or-render", str(out)]) == 0
    assert "no display" in capsys.readouterr().err
    assert out.stat().st_size > 0
    assert main(explore) == 2
    assert "needs a display" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("platform", "environment", "there"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":1"}, True),
        ("linux", {"WAYLAND_DISPLAY": "w"}, True),
        ("win32", {}, True),
    ],
)
def test_has_display(platform: str, environment: dict[str, str], there: bool) -> None:
    assert has_display(environment, platform) is there


def test_dream_paints_a_scene_into_a_world(tiny_scene, tiny_model, tmp_path, capsys) -> None:
    world = tmp_path / "w.safetensors"
    words = ["dream", str(tiny_scene), "--model", str(tiny_model), "--device", "cpu", "--world", str(world)]
    assert main([*words, "--canvas", "48", "--steps", "1", "--views", "3"]) == 0
    first = world.read_bytes()
    assert re.search(r"\b[1-9]\d?% of tiny_scene\d* is painted, with [1-9]\d* model calls", capsys.readouterr().err)
    assert main([*words, "--canvas", "48", "--steps", "1", "--until", "0"]) == 0
    assert world.read_bytes() == first
