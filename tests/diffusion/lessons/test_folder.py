"""An exported lesson: what is recorded is what the dream did, documents agree with the files, and the page comes along."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from base.errors import InputError
from base.outputs import refuse_outputs
from diffusion.lessons.folder import lesson_outputs, names_of, write_lessons
from diffusion.lessons.player import MARKS, PAGE
from diffusion.lessons.recording import Recording
from diffusion.lessons.stations import STATIONS
from diffusion.loaders.loading import load_model
from diffusion.text2image.generate import generate
from diffusion.text2image.latent_files import load_latents
from tests.diffusion.lessons.conftest import PROMPTS, STEPS


def documents(folder: Path) -> tuple[dict, dict]:
    return tuple(json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("metadata", "architecture"))  # type: ignore[return-value]


def test_names_are_folders_and_differ() -> None:
    assert names_of(["Red brick!", "red  brick", "…", "red brick-2", "x" * 99]) == [
        "red-brick", "red-brick-2", "lesson", "red-brick-2-2", "x" * 40,
    ]  # fmt: skip


def test_it_records_the_very_picture_that_generate_makes(tiny_model: Path, recordings: dict[str, Recording]) -> None:
    recording = recordings["grass"]
    made = generate(load_model(str(tiny_model), "cpu"), recording.settings)
    assert np.array_equal(made.image, recording.image) and recording.image.shape == (48, 64, 3)
    assert len(recording.steps) == STEPS and recording.steps[0].change == 0 < recording.steps[1].change
    assert [step.picture.shape for step in recording.steps] == [(48, 64, 3)] * STEPS
    assert recording.trace(1.0).step == STEPS - 1
    assert np.array_equal(recording.trace(0.0).probe.denoised, recording.steps[0].probe.denoised)


def test_documents_describe_the_files(written: Path) -> None:
    told, described = documents(written)
    assert told["rayverie_lesson"] == described["rayverie_architecture"] == 1
    assert [station["name"] for station in told["stations"]] == [station.name for station in STATIONS]
    assert [lesson["prompt"] for lesson in told["lessons"]] == list(PROMPTS)
    for lesson in told["lessons"]:
        folder = written / lesson["folder"]
        assert {path.name for path in folder.glob("*.webp")} == {"final.webp"} | {
            file for step in lesson["steps"] for file in step["files"].values()
        }
        assert set(lesson["answers"]) == {station.name for station in STATIONS}
        for step in lesson["steps"]:
            assert Image.open(folder / step["files"]["picture"]).size == tuple(lesson["size"])
            for kind in ("channels", "blocks", "words"):
                page = Image.open(folder / step["files"][kind])
                boxes = [tile for row in lesson["tiles"][kind] for tile in row]
                assert max(x + w for x, _, w, _ in boxes) == page.width
                assert max(y + h for _, y, _, h in boxes) == page.height
            assert len(step["blocks"]) == len(described["blocks"]) == len(lesson["tiles"]["blocks"])
            assert step["signal"] ** 2 + step["noise"] ** 2 == pytest.approx(1, abs=1e-4)
            assert sum(step["histogram"]["noisy"]) == np.prod(lesson["latents"])
        sigmas = [(step["sigma"], step["sigma_next"]) for step in lesson["steps"]]
        assert all(a[1] == b[0] for a, b in pairwise(sigmas)) and sigmas[-1][1] == 0
        batch = load_latents(folder / "predictions.safetensors")
        assert list(batch.latents.shape) == [STEPS, *lesson["latents"]]
        assert batch.sigmas == pytest.approx([sigma for sigma, _ in sigmas], rel=1e-4)


def test_the_schedule_and_the_network_are_written(written: Path) -> None:
    told, described = documents(written)
    schedule = told["schedule"]
    assert all(
        len(schedule[name]) == len(schedule["at"]) for name in ("beta", "alpha_bar", "signal", "noise", "log_snr")
    )
    assert schedule["alpha_bar"] == sorted(schedule["alpha_bar"], reverse=True) and all(
        0 < b < 1 for b in schedule["beta"]
    )
    names = [block["name"] for block in described["blocks"]]
    assert [(names[a], names[b]) for a, b in described["skips"]] == [("down 1", "up 2"), ("down 2", "up 1")]


def test_word_pictures_hold_the_weights(written: Path, recordings: dict[str, Recording]) -> None:
    lesson = documents(written)[0]["lessons"][1]
    step, heard = lesson["steps"][1], recordings["grass"].steps[1].probe.prompts[0]
    page = np.asarray(Image.open(written / "grass" / step["files"]["words"]).convert("L"), np.float64)
    for (x, y, w, h), facts, where in zip(lesson["tiles"]["words"][0], step["words"], heard.where, strict=True):
        shown = facts["least"] + page[y : y + h, x : x + w] / 255 * (facts["most"] - facts["least"])
        assert np.abs(shown - where).max() <= (facts["most"] - facts["least"]) / 254 + 1e-6


def test_it_needs_nothing_from_elsewhere(written: Path) -> None:
    for name in MARKS:
        text = (written / name).read_text("utf-8")
        assert MARKS[name] in text[:4096]
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|//cdn|@import|import\(|\bfetch\(", text), name
    assert {path.name for path in written.iterdir() if path.is_file()} == set(MARKS)


def test_equal_recordings_give_equal_bytes_and_longer_ones_leave_nothing_behind(
    tiny_model: Path, written: Path, recordings: dict[str, Recording], tmp_path: Path
) -> None:
    (tmp_path / "grass").mkdir()
    (tmp_path / "grass" / "picture_99.webp").write_bytes((written / "grass" / "final.webp").read_bytes())
    Image.new("RGB", (4, 4)).save(tmp_path / "grass" / "mine.webp")
    write_lessons(load_model(str(tiny_model), "cpu"), recordings, tmp_path, latents=False)
    assert not (tmp_path / "grass" / "picture_99.webp").exists() and (tmp_path / "grass" / "mine.webp").exists()
    assert not list(tmp_path.rglob("*.safetensors"))
    for name in (*PAGE, *MARKS, "grass/final.webp", "grass/words_01.webp"):
        assert (tmp_path / name).read_bytes() == (written / name).read_bytes()


def test_no_file_of_another_origin_is_replaced(written: Path, tmp_path: Path) -> None:
    refuse_outputs(lesson_outputs("--out", written, names_of(PROMPTS)))
    (tmp_path / "metadata.json").write_text("{}")
    with pytest.raises(InputError, match=r"metadata\.json, which Rayverie did not write"):
        refuse_outputs(lesson_outputs("--out", tmp_path, ["grass"]))
    (tmp_path / "metadata.json").unlink()
    (tmp_path / "grass").mkdir()
    Image.new("RGB", (4, 4)).save(tmp_path / "grass" / "picture_01.webp")
    with pytest.raises(InputError, match=r"picture_01\.webp, which Rayverie did not write"):
        refuse_outputs(lesson_outputs("--out", tmp_path, ["grass"]))
