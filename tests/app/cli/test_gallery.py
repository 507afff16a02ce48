"""`rayverie gallery` and `generate --gallery`: what is kept, found, pinned, deleted, restored and exported; mistakes are one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from app.__main__ import main
from app.files.gallery.gallery import Gallery
from diffusion.settings import DreamSettings
from diffusion.text2image.recipe import GenerateSettings, Recipe


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A gallery of three pictures."""
    gallery = Gallery(tmp_path / "gallery")
    for seed, prompt in enumerate(("a brick wall", "a [red] meadow", "a brick floor")):
        recipe = Recipe(GenerateSettings(prompt=prompt, dream=DreamSettings(seed=seed)), None, "tiny-01")
        gallery.add(np.full((16, 16, 3), 40 * seed, np.uint8), recipe)
    return tmp_path / "gallery"


def run(folder: Path, *words: str) -> int:
    return main(["gallery", *words, "--folder", str(folder)])


def rows(folder: Path, capsys, *words: str) -> list[dict]:
    capsys.readouterr()
    assert run(folder, *words, "--json") == 0
    return json.loads(capsys.readouterr().out)


def test_lists_and_searches(folder: Path, capsys) -> None:
    assert [row["seed"] for row in rows(folder, capsys, "list")] == [2, 1, 0]
    assert [row["seed"] for row in rows(folder, capsys, "search", "BRICK", "wall")] == [0]
    assert run(folder, "search", "snow") == 0 and capsys.readouterr().out == "No pictures.\n"
    assert run(folder, "list") == 0
    said = capsys.readouterr().out
    assert "a [red] meadow" in said and "3 pictures" in said


def test_pin_delete_restore_export(folder: Path, capsys, tmp_path: Path) -> None:
    newest, _, oldest = (row["name"] for row in rows(folder, capsys, "list"))
    assert run(folder, "pin", newest) == 0 and rows(folder, capsys, "list")[0]["pinned"]
    assert run(folder, "delete", newest) == 2 and "unpin it" in capsys.readouterr().err
    assert run(folder, "delete", oldest[-10:], oldest) == 0
    assert len(rows(folder, capsys, "list")) == 2 and len(rows(folder, capsys, "bin")) == 1
    assert run(folder, "restore", oldest) == 0 and len(rows(folder, capsys, "list")) == 3
    out = tmp_path / "out"
    assert run(folder, "export", newest, oldest, "--out", str(out)) == 0
    assert sorted(path.stem for path in out.iterdir()) == [oldest, newest]
    assert run(folder, "unpin", newest) == 0 and run(folder, "delete", newest) == 0
    assert run(folder, "empty-bin") == 0 and not rows(folder, capsys, "bin")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "one of list, search"),
        (["lst"], "lst"),
        (["pin"], "is missing; give names"),
        (["list", "x"], "none is needed"),
        (["pin", "nothing"], "nothing is no picture of the gallery"),
        (["delete", "-"], "part of several names"),
        (["list", "--out", "x"], "--out has no effect"),
        (["pin", "x", "--json"], "--json has no effect"),
        (["export", "-0", "-1", "--out", "one.png"], "name a folder"),
        (["delete", "2099.."], "2099.. has no picture of the gallery in it"),
        (["delete", "--search", "snow"], "--search finds no picture in the gallery"),
        (["delete", "--search", " "], "--search is empty"),
        (["delete", "--pinned"], "--pinned has nothing to delete"),
        (["export", "--pinned"], "--pinned finds no picture in the gallery"),
        (["search", "brick", "--search", "wall"], "--search has no effect"),
        (["bin", "--pinned"], "--pinned has no effect"),
    ],
    ids=" ".join,
)
def test_mistakes(words: list[str], sentence: str, folder: Path, capsys) -> None:
    if words[:2] == ["export", "-0"]:
        words = ["export", *(path.stem for path in sorted((folder / "pictures").iterdir())[:2]), "--out", "one.png"]
    assert run(folder, *words) == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1, said


def test_searches_ranges_and_pins_choose_pictures(folder: Path, capsys, tmp_path: Path) -> None:
    newest, middle, oldest = (row["name"] for row in rows(folder, capsys, "list"))
    assert run(folder, "pin", "--search", "BRICK floor") == 0
    assert [row["name"] for row in rows(folder, capsys, "list", "--pinned")] == [newest]
    assert [row["name"] for row in rows(folder, capsys, "list", "--search", "brick")] == [newest, oldest]
    out = tmp_path / "out"
    assert run(folder, "export", f"..{middle}", "--out", str(out)) == 0
    assert sorted(path.stem for path in out.iterdir()) == [oldest, middle]
    assert run(folder, "export", f"{oldest}..", "--pinned", "--out", str(tmp_path / "one.png")) == 0
    assert run(folder, "delete", middle, newest) == 2 and len(rows(folder, capsys, "list")) == 3  # nothing by halves
    capsys.readouterr()
    assert run(folder, "delete", "--search", "brick") == 0
    assert f"{newest} stays: it is pinned." in capsys.readouterr().err
    assert [row["name"] for row in rows(folder, capsys, "list")] == [newest, middle]
    assert run(folder, "restore", "--search", "wall") == 0 and len(rows(folder, capsys, "list")) == 3


def test_a_wrong_name_changes_nothing(folder: Path, capsys) -> None:
    names = [row["name"] for row in rows(folder, capsys, "list")]
    assert run(folder, "delete", names[0], "nothing") == 2
    assert len(rows(folder, capsys, "list")) == 3


def test_an_export_replaces_no_picture_of_another_origin(folder: Path, capsys, tmp_path: Path) -> None:
    name = rows(folder, capsys, "list")[0]["name"]
    mine = tmp_path / "out" / f"{name}.png"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    assert run(folder, "export", name, "--out", str(tmp_path / "out")) == 2
    assert mine.read_bytes() == b"mine"


def test_generate_keeps_pictures_in_the_gallery_only_if_asked(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cli.generate.gallery_folder", lambda: tmp_path / "gallery")
    words = ["generate", "brick wall", "--model", str(tiny_model), "--device", "cpu", "--size", "16x16", "--steps", "1"]
    assert main([*words, "--out", str(tmp_path / "p.png")]) == 0
    assert not (tmp_path / "gallery").exists()
    assert main([*words, "--seeds", "3,14", "--out", str(tmp_path / "several"), "--gallery"]) == 0
    entries = Gallery(tmp_path / "gallery").list().entries
    assert {entry.seed for entry in entries} == {3, 14} and {entry.prompt for entry in entries} == {"brick wall"}
    for entry in entries:
        assert entry.path.read_bytes() == (tmp_path / "several" / f"seed_{entry.seed}.png").read_bytes()


def test_a_folder_that_is_none_is_no_empty_gallery(tmp_path: Path, capsys) -> None:
    (tmp_path / "file").write_text("")
    for name in ("none", "file"):
        assert run(tmp_path / name, "list") == 2
        assert capsys.readouterr().err == f"{tmp_path / name} is no folder; --folder names the one of a gallery.\n"
    assert run(tmp_path, "list") == 0
