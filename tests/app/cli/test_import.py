"""`rayverie import`: a .vox model becomes a scene that every other command takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.__main__ import main
from tests.scenes.mesh_files import drum, glb_of
from tests.scenes.vox_files import model, palette, vox


@pytest.fixture
def tower(tmp_path: Path) -> Path:
    voxels = [(0, 0, z, 1) for z in range(3)] + [(1, 0, 2, 2)]
    (tmp_path / "tower.vox").write_bytes(vox(model((2, 1, 3), voxels), palette(c1=(160, 70, 55), c2=(90, 90, 96))))
    return tmp_path / "tower.vox"


def test_a_model_becomes_a_scene(tower: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "scene"
    assert main(["import", str(tower), "--out", str(out), "--margin", "2", "--ground", "sand"]) == 0
    assert "3 materials" in (said := capsys.readouterr().err) and f"rayverie {out}" in said
    assert main(["inspect", str(out), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["size_blocks"] == [6, 3, 5] and found["problems"] == []
    told = {m["name"]: (m["prompt"], m["blocks"]) for m in found["materials"]}
    assert told == {"ground": ("sand", 0), "brick": ("red brick wall", 3), "slate": ("dark slate", 1)}


def test_a_mesh_becomes_a_scene(tmp_path: Path, capsys) -> None:
    (tmp_path / "old_drum.glb").write_bytes(glb_of(*drum()))
    out = tmp_path / "scene"
    assert main(["import", str(tmp_path / "old_drum.glb"), "--out", str(out), "--margin", "2", "--size", "3"]) == 0
    assert "a mesh of 32 triangles. Its prompt is 'old drum'" in capsys.readouterr().err
    assert main(["inspect", str(out), "--json"]) == 0
    (mesh,) = json.loads(capsys.readouterr().out)["meshes"]
    assert mesh["low"] == [2, 0.5, 2] and mesh["high"] == [5, 3.5, 5] and mesh["texture"] % 8 == 0
    assert main(["inspect", str(out)]) == 0
    assert "mesh old_drum.glb: old drum, 32 triangles" in capsys.readouterr().out


def test_a_triangle_alone_becomes_a_scene(tmp_path: Path) -> None:
    """Nothing touches it, so its island shares no texels."""
    (tmp_path / "one.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 3/3\n")
    assert main(["import", str(tmp_path / "one.obj"), "--out", str(tmp_path / "scene")]) == 0
    assert main(["inspect", str(tmp_path / "scene")]) == 0


def test_options_for_meshes_are_idle_with_voxels(tower: Path, tmp_path: Path, capsys) -> None:
    assert main(["import", str(tower), "--out", str(tmp_path / "scene"), "--prompt", "oak"]) == 0
    assert "--prompt has no effect" in capsys.readouterr().err


def test_without_a_name_it_goes_to_out(tower: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["import", "tower.vox"]) == 0
    assert (tmp_path / "out" / "tower" / "layers.png").is_file()


def test_a_ground_without_words_leaves_it_out(tower: Path, tmp_path: Path) -> None:
    assert main(["import", str(tower), "--out", str(tmp_path / "scene"), "--ground", ""]) == 0
    assert "name: ground" not in (tmp_path / "scene" / "materials.yaml").read_text()


def test_what_is_wrong_is_one_sentence(tower: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("")
    (tmp_path / "bad.vox").write_bytes(b"VOX ")
    for words, problem in (
        ([], "needs the file to import"),
        ([str(tmp_path / "a.ply")], "ends in .vox, a mesh in .glb or .obj"),
        ([str(tmp_path / "a.obj")], "does not exist"),
        ([str(tower), "--size", "0"], "--size"),
        ([str(tmp_path / "none.vox")], "none.vox"),
        ([str(tmp_path / "bad.vox")], "has no voxels"),
        ([str(tower), "--out", str(tmp_path / "full")], "isn't empty"),
        ([str(tower), "--margin", "-1"], "--margin"),
    ):
        assert main(["import", *words]) == 2
        said = capsys.readouterr().err
        assert problem in said and len(said.splitlines()) == 1, said
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
