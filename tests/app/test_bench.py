"""The bench measures something, says so in JSON and in a table; how fast is nobody's business here."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from app.__main__ import main
from app.bench import MEASUREMENTS


@pytest.fixture
def words(tiny_scene: Path, tiny_model: Path) -> list[str]:
    return ["--quick", "--scene", str(tiny_scene), "--model", str(tiny_model), "--device", "cpu", "--steps", "2"]


def test_figures_as_json_on_screen_and_in_a_file(words, tmp_path, capsys) -> None:
    out = tmp_path / "bench.json"
    names = [name for name, (_, _, unasked) in MEASUREMENTS.items() if unasked]
    assert main(["bench", *names, *words, "--json", "--out", str(out)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert json.loads(out.read_text()) == found
    assert list(found["measurements"]) == names
    assert found["machine"]["gl"]
    for name, figures in found["measurements"].items():
        numbers = [value for value in figures.values() if isinstance(value, int | float)]
        assert numbers, name
        assert all(math.isfinite(value) and value >= 0 for value in numbers), (name, figures)
    measured = found["measurements"]
    assert 0 < measured["startup"]["first_frame_s"] < measured["startup"]["model_ready_s"]
    assert 0 < measured["frames"]["alone_p50_ms"] <= measured["frames"]["alone_p99_ms"]
    assert measured["frames"]["worker_calls_per_s_beside"] > 0
    assert measured["volume"]["texels_128"] > 0
    parts = (measured["dream"][f"{part}_s"] for part in ("unet", "vae", "text", "else"))
    assert sum(parts) == pytest.approx(measured["dream"]["total_s"], abs=0.01)
    assert measured["revisit"]["first_round_calls"] > measured["revisit"]["second_round_calls"] == 0
    assert measured["revisit"]["identical_share"] == 1.0


def test_only_what_is_named_and_as_a_table(words, capsys) -> None:
    assert main(["bench", "revisit", *words]) == 0
    out = capsys.readouterr().out
    assert "second round calls" in out
    assert "gather" not in out


def test_what_each_memory_tells(words, capsys) -> None:
    assert main(["bench", "memory", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["measurements"]["memory"]
    for move in ("the_same", "turned_by_15"):
        assert 0 <= found[f"{move}_share_of_latents"] <= 1
        assert all(math.isfinite(found[f"{move}_{memory}_db"]) for memory in ("latents", "colours", "both"))


def test_the_share_of_views_that_are_dreamed_is_the_painters_own(words, tiny_scene, capsys) -> None:
    assert main(["bench", "calls", *words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["measurements"]["calls"]
    paths = [value for name, value in found.items() if name != "share_of_views_dreamed"]
    assert len(paths) == 4 and all(
        1 / 3 - 1e-3 <= share <= 2 / 3 + 1e-3 for share in paths
    )  # of three views the last is the first
    assert found["share_of_views_dreamed"] == pytest.approx(sum(paths) / 4, abs=1e-3)
