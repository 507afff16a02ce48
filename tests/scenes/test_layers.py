"""layers.png: blocks above one another that a floor plan can't build."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from base.errors import InputError
from scenes.edit import add_material, change_material, move_material, remove_material
from scenes.extrude import extrude_scene
from scenes.load import load_scene, save_scene
from scenes.report import find_problems
from scenes.scene import Scene


@pytest.fixture
def scene(tiny_scene: Path) -> Scene:
    """The tiny scene with a wall's block in the air, a pond's in place of a wall, and the floor's on the pond."""
    scene = change_material(load_scene(tiny_scene), 0, source=(0, 255, 0))
    layers = np.zeros((5, *scene.map.shape), np.uint8)
    layers[3, 7, 0], layers[1, 2, 2], layers[0, 5, 5] = 2, 3, 1
    return replace(scene, layers=layers)


def test_a_layer_takes_the_place_of_what_the_map_builds(scene: Scene) -> None:
    solid = extrude_scene(scene).solid
    assert solid.shape == (8, 8, 8)  # the fifth layer is empty
    assert solid[:, 7, 0].tolist() == [1, 0, 0, 0, 0, 0, 2, 2]
    assert solid[:, 2, 2].tolist() == [2, 2, 3, 3, 0, 0, 0, 0]
    assert solid[:2, 5, 5].tolist() == [1, 1]


def test_what_is_not_built_by_opacity_isnt_in_layers_either(scene: Scene) -> None:
    clear = replace(scene.materials[1], opacity=0.0)
    scene = replace(scene, materials=(scene.materials[0], clear, scene.materials[2]))
    assert extrude_scene(scene).solid[:, 7, 0].tolist()[:2] == [1, 0] and not (extrude_scene(scene).solid == 2).any()


def test_it_comes_back_from_its_files_and_has_another_hash(scene: Scene, tmp_path: Path) -> None:
    save_scene(scene, tmp_path / "a")
    back = load_scene(tmp_path / "a")
    assert np.array_equal(back.layers, scene.layers)
    bare = replace(scene, layers=None)
    assert len({scene.hash, bare.hash, replace(scene, layers=scene.layers[:4]).hash}) == 3
    assert scene.builds_same(back) and scene.builds_same(change_material(scene, 0, prompt="moss"))
    others = (bare, replace(scene, layers=scene.layers[:4]), change_material(scene, 1, height=3.0))
    assert not any(scene.builds_same(other) or other.builds_same(scene) for other in others)
    assert scene == replace(scene) and scene != bare
    save_scene(bare, tmp_path / "a")
    assert load_scene(tmp_path / "a").layers is None


def test_edits_of_the_materials_renumber_layers(scene: Scene) -> None:
    assert scene.layers is not None
    for edited in (add_material(scene, 0), move_material(scene, 2, 0)):
        assert edited.layers is not None
        names = [edited.materials[i - 1].name for i in edited.layers[scene.layers > 0]]
        assert names == ["floor", "pond", "wall"]
    gone = remove_material(scene, 1).layers
    assert gone is not None and gone[scene.layers > 0].tolist() == [1, 2, 0]


def test_a_material_of_a_layer_alone_is_used(scene: Scene) -> None:
    scene = replace(scene, map=np.where(scene.map == 2, 0, scene.map).astype(np.uint8))
    assert not any("wall" in problem for problem in find_problems(scene, extrude_scene(scene)))


@pytest.mark.parametrize("size", [(7, 16), (8, 15), (8, 8 * 257)])
def test_a_picture_of_another_size_is_refused(scene: Scene, tmp_path: Path, size: tuple[int, int]) -> None:
    save_scene(scene, tmp_path / "a")
    Image.new("RGBA", size).save(tmp_path / "a" / "layers.png")
    with pytest.raises(InputError, match="must be a PNG 8 pixels wide with up to 256 layers of 8 rows"):
        load_scene(tmp_path / "a")


def test_unlisted_colours_are_noted(scene: Scene, tmp_path: Path) -> None:
    save_scene(scene, tmp_path / "a")
    Image.new("RGB", (8, 8), (1, 2, 3)).save(tmp_path / "a" / "layers.png")
    assert load_scene(tmp_path / "a").notes == (
        "layers.png: 64 pixels of colour #010203 are not in materials.yaml: empty ground",
    )


def test_a_folder_in_its_place_is_told(scene: Scene, tmp_path: Path) -> None:
    save_scene(replace(scene, layers=None), tmp_path / "scene")
    (tmp_path / "scene" / "layers.png").mkdir()
    with pytest.raises(InputError, match=r"layers\.png is a folder"):
        load_scene(tmp_path / "scene")
