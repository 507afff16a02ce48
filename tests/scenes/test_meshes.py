"""A scene's list of meshes: read strictly, kept through saving and edits, described, and in the way of who walks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from base.errors import InputError
from scenes.camera import Camera
from scenes.edit import change_material, regenerate_paths, remove_material
from scenes.extrude import extrude_scene
from scenes.import_mesh import import_mesh
from scenes.load import load_scene, make_scene, save_scene
from scenes.materials import parse_materials
from scenes.obstacles import with_meshes
from scenes.paths import sample_path
from scenes.pointing import material_at
from scenes.report import describe_scene, find_problems
from scenes.scene import SKY, Scene
from scenes.tours import generate_paths
from tests.scenes.mesh_files import drum, drum_mesh, glb_of, obj_of

FILE = {
    "background": {"prompt": "blue sky"},
    "voxels_per_block": 4,
    "materials": [
        {"name": "grass", "source": [90, 140, 70], "prompt": "green grass", "height": 0.5},
        {"name": "marble", "source": [-1, -1, -1], "prompt": "white marble", "height": 0},
        {"name": "glass", "source": [1, 2, 3], "prompt": "glass", "height": 1, "opacity": 0.5},
    ],
    "meshes": [{"file": "drum.glb", "material": "marble", "position": [4, 0.5, 4], "rotation": [0, 45, 0], "scale": 2}],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.fromarray(np.full((8, 8, 3), (90, 140, 70), np.uint8)).save(tmp_path / "map.png")
    (tmp_path / "materials.yaml").write_text(yaml.safe_dump(FILE))
    (tmp_path / "drum.glb").write_bytes(glb_of(*drum()))
    return tmp_path


@pytest.fixture
def scene(folder: Path) -> Scene:
    return load_scene(folder)


def test_a_mesh_stands_where_the_file_says(scene: Scene) -> None:
    mesh = scene.meshes[0]
    assert np.allclose(mesh.vertices.min(axis=0), (3, 0.5, 3)) and np.allclose(mesh.vertices.max(axis=0), (5, 2.5, 5))
    assert mesh.place.rotation == (0.0, 45.0, 0.0) and mesh.geometry.triangles.shape == (32, 3)


def test_saving_keeps_the_file_to_the_byte(scene: Scene, folder: Path, tmp_path: Path) -> None:
    save_scene(scene, tmp_path / "copy")
    again = load_scene(tmp_path / "copy")
    assert replace(again, name=scene.name) == scene and again.hash == scene.hash
    assert (tmp_path / "copy" / "drum.glb").read_bytes() == (folder / "drum.glb").read_bytes()


def test_the_hash_knows_meshes_and_without_any_is_the_old_one(scene: Scene) -> None:
    bare = replace(scene, meshes=())
    moved = replace(scene, meshes=(drum_mesh("marble", position=(1.0, 0.0, 0.0)),))
    assert len({bare.hash, scene.hash, moved.hash}) == 3
    assert scene.builds_same(replace(scene, paths={})) and not scene.builds_same(moved)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    (
        ({"file": None}, "meshes[0].file", "is missing"),
        ({"file": "../drum.glb"}, "meshes[0].file", "in the scene's own folder"),
        ({"file": "/etc/passwd"}, "meshes[0].file", "in the scene's own folder"),
        ({"file": "a\\drum.glb"}, "meshes[0].file", "in the scene's own folder"),
        ({"material": "marbel"}, "meshes[0].material", "perhaps 'marble' was meant"),
        ({"material": "glass"}, "meshes[0].material", "opaque"),
        ({"position": [1, 2]}, "meshes[0].position", "three numbers of blocks"),
        ({"position": [1, 2, float("nan")]}, "meshes[0].position", "three numbers of blocks"),
        ({"position": [1, 2, 1e9]}, "meshes[0].position", "three numbers of blocks"),
        ({"rotation": 90}, "meshes[0].rotation", "three numbers of degrees"),
        ({"rotation": [0, True, 0]}, "meshes[0].rotation", "three numbers of degrees"),
        ({"scale": 0}, "meshes[0].scale", "a scale is a number"),
        ({"scale": -1}, "meshes[0].scale", "a scale is a number"),
        ({"scale": "2"}, "meshes[0].scale", "a scale is a number"),
        ({"colour": 1}, "meshes[0].colour", "is an unknown key"),
    ),
)
def test_a_mistake_is_one_sentence(change: dict, field: str, words: str) -> None:
    entry = {**FILE["meshes"][0], **change}
    with pytest.raises(InputError) as refused:
        parse_materials({**FILE, "meshes": [{k: v for k, v in entry.items() if v is not None}]}, "materials.yaml")
    assert refused.value.field == field and words in str(refused.value)


def test_a_list_that_is_none_or_too_long_is_refused() -> None:
    for meshes in ({}, FILE["meshes"] * 65):
        with pytest.raises(InputError, match="a list of up to 64"):
            parse_materials({**FILE, "meshes": meshes}, "materials.yaml")


def test_a_missing_mesh_and_meshes_without_a_folder_are_refused(folder: Path) -> None:
    (folder / "drum.glb").unlink()
    with pytest.raises(InputError, match=r"drum\.glb does not exist"):
        load_scene(folder)
    with pytest.raises(InputError, match="no folder"):
        make_scene(np.zeros((4, 4, 4), np.uint8), parse_materials(FILE, "here"))


def test_materials_are_renamed_with_the_mesh_and_stay_while_it_has_them(scene: Scene) -> None:
    assert change_material(scene, 1, name="stone").meshes[0].place.material == "stone"
    with pytest.raises(InputError, match=r"is the material of the mesh drum\.glb"):
        remove_material(scene, 1)
    with pytest.raises(InputError, match="opaque"):
        change_material(scene, 1, opacity=0.5)
    assert remove_material(scene, 2).meshes == scene.meshes


def test_generated_paths_keep_away_from_meshes(scene: Scene) -> None:
    blocks = extrude_scene(scene)
    bare = replace(scene, meshes=())
    assert with_meshes(blocks, bare) is blocks
    x, y, z = generate_paths(blocks)["walk"].keyframes[0].camera.position
    in_the_way = replace(scene, meshes=(drum_mesh("marble", position=(x, 0.5, z), scale=3.0),))
    filled = with_meshes(blocks, in_the_way)
    assert filled.is_solid(np.array([x, y - 0.2, z + 1.5])) and len(filled.solid) >= 14
    moved = regenerate_paths(in_the_way, blocks).paths["walk"]
    places = np.array([sample_path(moved, t).position for t in np.linspace(0, moved.seconds, 50)])
    assert not filled.is_solid(places).any()


def test_a_click_finds_the_nearest_material(scene: Scene) -> None:
    blocks = extrude_scene(scene)
    camera = Camera.look_at((4.0, 2.0, 7.5), (4.0, 1.5, 4.0), fov=60)
    assert material_at(scene, blocks, camera, 1.0, (0.5, 0.5)) == 1
    assert material_at(replace(scene, meshes=()), blocks, camera, 1.0, (0.5, 0.5)) != 1
    assert material_at(scene, blocks, camera, 1.0, (0.5, 0.95)) == 0
    assert material_at(scene, blocks, Camera.look_at((4.0, 1.5, 4.0), (9.0, 3.5, 4.0)), 1.0, (0.5, 0.5)) == SKY


def test_a_scene_with_a_mesh_is_described(scene: Scene) -> None:
    blocks = extrude_scene(scene)
    found = describe_scene(scene, blocks)["meshes"]
    assert found[0]["file"] == "drum.glb" and found[0]["triangles"] == 32 and found[0]["low"] == [3.0, 0.5, 3.0]
    assert not [p for p in find_problems(scene, blocks) if "mesh" in p or "marble" in p]
    inside = drum_mesh("marble", position=(90.0, -9.0, 0.0))
    geometry = replace(inside.geometry, triangles=inside.geometry.triangles[:, ::-1])
    problems = find_problems(replace(scene, meshes=(replace(inside, geometry=geometry),)), blocks)
    assert [words for words in ("beside the map", "below the ground", "inside out") if words in " ".join(problems)] == [
        "beside the map",
        "below the ground",
        "inside out",
    ]


def test_a_mesh_file_becomes_a_scene(folder: Path, tmp_path: Path) -> None:
    scene = import_mesh(folder / "drum.glb", 3, "sand", size=5.0, prompt="oak barrel")
    mesh = scene.meshes[0]
    assert np.allclose(mesh.vertices.min(axis=0), (3, 0.5, 3)) and np.allclose(mesh.vertices.max(axis=0), (8, 5.5, 8))
    assert scene.map.shape == (11, 11) and [m.prompt for m in scene.materials] == ["sand", "oak barrel"]
    save_scene(scene, tmp_path / "made")
    assert load_scene(tmp_path / "made").meshes == scene.meshes
    assert import_mesh(folder / "drum.glb", 1, "").materials[0].prompt == "drum"


@pytest.mark.parametrize("name", ("ground", "floor", "ceiling", "--"))
@pytest.mark.parametrize("ground", ("sand", ""))
def test_a_mesh_of_any_name_becomes_a_scene_that_can_be_read(tmp_path: Path, name: str, ground: str) -> None:
    (tmp_path / f"{name}.glb").write_bytes(glb_of(*drum()))
    scene = import_mesh(tmp_path / f"{name}.glb", 3, ground)
    save_scene(scene, tmp_path / name)
    again = load_scene(tmp_path / name)
    assert again.materials == scene.materials and again.hash == scene.hash


@pytest.mark.parametrize(("change", "words"), ((lambda v: v * 1e5, "a scale is"), (lambda v: v + 1e5, "position")))
def test_a_mesh_that_no_scene_could_hold_is_refused(tmp_path: Path, change, words: str) -> None:
    vertices, uv, triangles = drum()
    (tmp_path / "drum.glb").write_bytes(glb_of(change(vertices), uv, triangles))
    with pytest.raises(InputError, match=words):
        import_mesh(tmp_path / "drum.glb", 3, "sand")


def test_a_mesh_stands_on_the_ground_however_far_its_file_puts_it(tmp_path: Path) -> None:
    vertices, uv, triangles = drum()
    (tmp_path / "drum.obj").write_text(obj_of(vertices / np.pi + 3000, uv, triangles))
    scene = import_mesh(tmp_path / "drum.obj", 3, "sand", size=1.0)
    assert np.allclose(scene.meshes[0].vertices.min(axis=0), (3.0, 0.5, 3.0), atol=1e-3)
