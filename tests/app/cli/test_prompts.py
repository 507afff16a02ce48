"""`rayverie prompts`: what is drawn and matched, banks of one's own, and one sentence for mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.__main__ import main


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own.txt").write_text("mossy stone wall\nred bricks at sunset\na cat on a mat\n")
    return tmp_path / "own.txt"


def rows(capsys, *words: str) -> list[dict]:
    capsys.readouterr()
    assert main(["prompts", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_random_prompts_have_their_categories_and_follow_from_the_seed(capsys) -> None:
    found = rows(capsys, "random", "--category", "brick", "sunset", "--count", "5", "--seed", "3")
    assert len(found) == 5 and found == rows(
        capsys, "random", "--category", "brick", "sunset", "--count", "5", "--seed", "3"
    )
    assert all("brick" in row["prompt"] or "wall" in row["prompt"] for row in found)
    assert found != rows(capsys, "random", "--category", "brick", "sunset", "--count", "5", "--seed", "4")


def test_prompts_near_a_text_and_further_away(capsys) -> None:
    nearest = [row["prompt"] for row in rows(capsys, "random", "--near", "castle wall", "--count", "3")]
    assert nearest[0] == "castle wall" and all("castle wall" in prompt for prompt in nearest)
    far = [row["prompt"] for row in rows(capsys, "random", "--near", "castle wall", "--temperature", "5")]
    assert not any("castle" in prompt for prompt in far[:3])


def test_prompts_of_own_banks_come_with_what_the_model_knows(own: Path, capsys) -> None:
    found = rows(capsys, "random", "--bank", str(own), "--count", "9")
    assert {row["prompt"]: row["match"] for row in found}["mossy stone wall"] == "stone wall"
    assert rows(capsys, "match", "old", "stone", "wall", "--bank", str(own), "--count", "1")[0]["match"] == (
        "mossy stone wall"
    )
    assert {row["category"]: row["prompts"] for row in rows(capsys, "categories", "--bank", str(own))} == {
        "stone wall": 1,
        "brick": 1,
        "sunset": 1,
    }
    bank = own.with_suffix(".safetensors")
    assert main(["prompts", "save", "--bank", str(own), "--out", str(bank)]) == 0
    assert {row["prompt"] for row in rows(capsys, "random", "--bank", str(bank))} == set(own.read_text().splitlines())
    assert main(["prompts", "random", "--bank", str(own)]) == 0
    told = capsys.readouterr()
    assert "most similar known" in told.out and "1 prompt is unlike" in told.err


def test_a_match_tells_as_what_unknown_words_are_read(capsys) -> None:
    assert main(["prompts", "match", "lichen"]) == 0
    told = capsys.readouterr()
    assert "“lichen” is read as “forest moss”." in told.err and "unlike" not in told.err
    assert "1.00 forest moss" in told.out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ((), "ACTION"),
        (("draw",), "draw"),
        (("match",), "PROMPT"),
        (("random", "--temperature", "1"), "--near"),
        (("random", "--category", "brik"), "brick"),
        (("random", "--category", "brick", "lava"), "no prompts"),
        (("random", "words"), "PROMPT"),
        (("categories", "--seed", "3"), "--seed"),
        (("match", "wall", "--out", "a.safetensors"), "--out"),
        (("save", "--out", "a.safetensors"), "--bank"),
        (("random", "--bank", "nowhere.txt"), "nowhere.txt"),
    ],
)
def test_mistakes_are_one_sentence(words: tuple[str, ...], problem: str, capsys) -> None:
    assert main(["prompts", *words]) == 2
    told = capsys.readouterr().err
    assert problem in told and len(told.strip().splitlines()) == 1


def test_save_needs_a_name_and_replaces_nothing_of_others(own: Path, capsys) -> None:
    other = own.with_name("other.safetensors")
    other.write_bytes(b"somebody's weights")
    for out, problem in ((own, ".safetensors"), (other, "other.safetensors")):
        assert main(["prompts", "save", "--bank", str(own), "--out", str(out)]) == 2
        assert problem in capsys.readouterr().err
    assert other.read_bytes() == b"somebody's weights"
