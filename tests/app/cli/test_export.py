"""`rayverie export` as one types it: what it writes, what it says, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import trimesh
from PIL import Image

from app.__main__ import main
from app.cli.export import walking_rules
from app.moving import walk
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import build_charts
from scenes.extrude import extrude_scene
from scenes.load import load_scene, save_scene
from tests.engine.export.conftest import keep
from tests.scenes.mesh_files import drum_on_lawn


@pytest.fixture(scope="module")
def world(tiny_scene: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny scene with a view painted."""
    path = tmp_path_factory.mktemp("export") / "tiny.world"
    settings = ["--model", str(tiny_model), "--device", "cpu", "--canvas", "48", "--steps", "1", "--views", "1"]
    assert main(["dream", str(tiny_scene), *settings, "--world", str(path)]) == 0
    return path


def test_a_world_becomes_a_glb_file_and_a_page(world, tiny_scene, tmp_path, capsys) -> None:
    out, page = tmp_path / "tiny.glb", tmp_path / "page"
    assert main(["export", str(world), str(tiny_scene), "--out", str(out), "--html", str(page)]) == 0
    assert {"floor", "wall", "pond", "sky"} <= set(trimesh.load_scene(out).graph.nodes_geometry)
    assert {path.name for path in page.iterdir()} == {"index.html", "walk.js", "world.js", "textures"}
    said = capsys.readouterr().err
    assert f"{out} is ready." in said.replace("\n", "") and "index.html is ready." in said.replace("\n", "")


def test_without_a_name_the_file_lies_in_out(world, tiny_scene, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(world), str(tiny_scene), "--textures", "webp"]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["tiny.glb"]


def test_the_page_walks_by_the_programs_rules() -> None:
    rules = walking_rules()
    assert (rules["eyes"], rules["gravity"], rules["speed"]) == (walk.EYES, walk.GRAVITY, walk.Movement().speed)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "needs the world file"),
        (["no.world"], "does not exist"),
        (["{world}"], "was painted in the scene"),
        (["{world}", "hamlet"], "whose map, heights or meshes differ"),
        (["{world}", "{scene}", "--out", "x.gltf"], "ends in .glb"),
        (["{world}", "{scene}", "--out", "{world}/x.glb"], "can't be written"),
        (["{world}", "{scene}", "--html", "{world}"], "a folder is wanted here"),
        (["{world}", "{scene}", "--textures", "gif"], "allowed are png, webp, ktx2"),
        (["{scene}/map.png", "{scene}"], "is not a world file"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(words, sentence, world, tiny_scene, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", *(word.format(world=world, scene=tiny_scene) for word in words)]) == 2
    said = capsys.readouterr().err
    assert sentence in said and "Traceback" not in said
    assert "%" not in said and said.count("\n") == 1  # no bar before the sentence
    assert not any(tmp_path.iterdir())


def test_a_mesh_leaves_with_its_own_texture(ctx, tmp_path, monkeypatch, capsys) -> None:
    save_scene(drum_on_lawn(), tmp_path / "drum")
    scene = load_scene(tmp_path / "drum")
    volume = LatentVolume(ctx, build_charts(extrude_scene(scene), scene), 4)
    words = ["export", str(keep(volume, scene, tmp_path / "drum.world")), str(tmp_path / "drum")]
    volume.release()
    assert main([*words, "--out", str(tmp_path / "a.glb"), "--mesh-textures", str(tmp_path / "tex")]) == 0
    assert "drum" in trimesh.load_scene(tmp_path / "a.glb").graph.nodes_geometry
    with Image.open(tmp_path / "tex" / "drum.png") as picture:
        side = picture.width
        assert picture.size == (side, side) and side % 8 == 0
    monkeypatch.chdir(tmp_path / "tex")
    assert main([*words, "--mesh-textures", "."]) == 0 and [p.name for p in Path.cwd().iterdir()] == ["drum.png"]
    (tmp_path / "tex" / "drum.png").write_bytes(b"mine")
    capsys.readouterr()
    assert main([*words, "--mesh-textures", "."]) == 2
    assert "drum.png, which Rayverie did not write" in capsys.readouterr().err


def test_textures_of_meshes_that_there_are_none_of(world, tiny_scene, tmp_path, capsys) -> None:
    assert main(["export", str(world), str(tiny_scene), "--mesh-textures", str(tmp_path / "tex")]) == 2
    assert "has no meshes" in capsys.readouterr().err and not (tmp_path / "tex").exists()


def test_a_format_of_textures_that_nothing_is_written_in(world, tiny_scene, tmp_path, capsys) -> None:
    words = ["export", str(world), str(tiny_scene), "--html", str(tmp_path / "page"), "--textures"]
    assert main([*words, "webp"]) == 0 and "--textures has no effect" in capsys.readouterr().err
    assert main([*words, "png"]) == 0 and "--textures" not in capsys.readouterr().err


def test_a_world_is_never_its_own_output(world, tiny_scene, tmp_path, capsys) -> None:
    same = tmp_path / "[b]w.glb"
    same.write_bytes(before := world.read_bytes())
    assert main(["export", str(same), str(tiny_scene), "--out", str(same)]) == 2
    said = capsys.readouterr().err
    assert "[b]w.glb, which WORLD reads" in said and same.read_bytes() == before


def test_files_of_another_origin_stay(world, tiny_scene, tmp_path, monkeypatch, capsys) -> None:
    """A second export replaces the first; a page of somebody else's is refused before anything is read."""
    monkeypatch.chdir(tmp_path)
    words = ["export", str(world), str(tiny_scene)]
    assert main([*words, "--html", "page"]) == main([*words, "--html", "page"]) == main(words) == main(words) == 0
    capsys.readouterr()
    for folder, name in (("page", "index.html"), ("page", "textures/7.js"), ("out", "tiny.glb")):
        (tmp_path / folder / name).write_text("mine")
        assert main([*words, *(["--html", folder] if folder == "page" else [])]) == 2
        assert f"{name}, which Rayverie did not write" in capsys.readouterr().err
        assert (tmp_path / folder / name).read_text() == "mine"
        (tmp_path / folder / name).unlink()
