"""A scene as values for an index: the same scene comes back, and nothing is written anywhere else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.files.scene_archive import pack_scene, unpack_scene
from base.errors import InputError
from scenes.blank import make_blank_scene
from scenes.edit import regenerate_paths
from scenes.edit_map import paint_stroke
from scenes.extrude import extrude_scene
from scenes.load import load_scene


def drawn_by_hand():
    scene = paint_stroke(make_blank_scene(6, 5), (1, 1), (3, 3), 1, 2)
    return regenerate_paths(scene, extrude_scene(scene))


@pytest.mark.parametrize("scene", [load_scene("ruins"), drawn_by_hand()], ids=lambda scene: scene.name)
def test_a_scene_comes_back(scene) -> None:
    back = unpack_scene(scene.name, pack_scene(scene))
    assert replace(back, paths=scene.paths) == scene
    for name, path in scene.paths.items():  # whose rotations go through a matrix, to the last bits but one
        assert back.paths[name].seconds == pytest.approx(path.seconds)
        for ours, theirs in zip(back.paths[name].keyframes, path.keyframes, strict=True):
            assert np.allclose(ours.camera.pose, theirs.camera.pose, atol=1e-9)


@pytest.mark.parametrize("name", ["../map.png", "/tmp/map.png", "paths/../../map.png"])
def test_a_name_that_leads_elsewhere(name: str, tmp_path) -> None:
    files = pack_scene(make_blank_scene(4, 4))
    with pytest.raises(InputError, match="is no file of a scene"):
        unpack_scene("x", {name: files["map.png"], **files})


@pytest.mark.parametrize("data", ["§", "ab", 5, None])
def test_what_is_no_base_64(data: object) -> None:
    with pytest.raises(InputError, match=r"map\.png is no file of a scene"):
        unpack_scene("x", {**pack_scene(make_blank_scene(4, 4)), "map.png": data})
