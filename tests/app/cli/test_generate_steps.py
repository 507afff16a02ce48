"""`rayverie generate` with --steps-out, --capture and --inside: what goes on while a picture is dreamed."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from base.errors import InputError
from tests.app.cli.conftest import pixels


def test_every_step_is_written_when_asked(words, tmp_path) -> None:
    folder = tmp_path / "steps"
    more = ["--size", "32x32", "--steps", "3", "--out", str(tmp_path / "p.png"), "--steps-out", str(folder)]
    assert main([*words, "grass", *more]) == 0
    written = ["latents.safetensors", "step_001.png", "step_002.png", "step_003.png"]
    assert [path.name for path in sorted(folder.iterdir())] == written


def test_capture_shows_the_prediction_of_that_step(words, tmp_path) -> None:
    steps, out = tmp_path / "steps", tmp_path / "p.png"
    small = ["--size", "64x48", "--steps", "3", "--out", str(out)]
    assert main([*words, "grass", *small, "--capture", "2", "--steps-out", str(steps)]) == 0
    assert (pixels(out) == pixels(steps / "step_002.png")[:48]).all()
    assert (pixels(out) != pixels(steps / "step_003.png")[:48]).any()


def test_what_goes_on_inside_is_written_beside_the_same_picture(words, picture, tmp_path) -> None:
    folder, out = tmp_path / "inside", tmp_path / "again.png"
    assert main(["generate", "--from", str(picture), "--out", str(out), "--inside", str(folder)]) == 0
    np.testing.assert_array_equal(pixels(out), pixels(picture))
    assert sorted(path.name for path in folder.iterdir()) == ["blocks.png", "decoder.png", "network.png", "words.png"]
    with Image.open(folder / "blocks.png") as blocks, Image.open(folder / "words.png") as heard:
        assert blocks.height > heard.height > 0 and np.asarray(blocks).std() > 10 and np.asarray(heard).std() > 10


def test_without_gl_the_sheets_are_written_and_what_is_left_out_is_said(
    words, picture, tmp_path, monkeypatch, capsys
) -> None:
    def missing() -> None:
        raise InputError("OpenGL", "", "3.3 could not be started on this machine")

    monkeypatch.setattr("engine.unet_view.still.create_headless_context", missing)
    folder, out = tmp_path / "inside", tmp_path / "again.png"
    assert main(["generate", "--from", str(picture), "--out", str(out), "--inside", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["blocks.png", "decoder.png", "words.png"]
    said = capsys.readouterr().err
    assert "network.png is left out: OpenGL 3.3 could not be started on this machine" in " ".join(said.split())


def test_an_inside_that_cannot_be_written_is_told_before_the_dream(words, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("diffusion.loaders.loading.load_model", lambda *_: pytest.fail("it went on to dream"))
    (tmp_path / "taken").write_text("")
    more = ["--out", str(tmp_path / "p.png"), "--inside", str(tmp_path / "taken")]
    assert main([*words, "grass", *more]) == 2
    assert "blocks.png can't be written" in capsys.readouterr().err
