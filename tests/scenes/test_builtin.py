"""The built-in scenes: they load without problems, are what the drawing script draws, and their paths are free."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scenes.draw import draw, draw_paths
from scenes.extrude import Blocks, extrude_scene
from scenes.load import BUILTIN, builtin_folder, load_scene, read_pixels, save_scene
from scenes.raycast import cast_rays
from scenes.report import describe_scene
from scenes.scene import EMPTY
from scenes.tours import is_clear


@pytest.mark.parametrize("name", BUILTIN)
def test_loads_without_problems(name: str) -> None:
    scene = load_scene(name)
    blocks = extrude_scene(scene)
    assert scene.name == name and describe_scene(scene, blocks)["problems"] == []
    assert len({m.prompt for m in scene.materials}) >= 5
    assert {"orbit", "walk", "tour"} < scene.paths.keys()
    assert exposed(blocks) <= 700_000  # a dozen pages of the atlas


@pytest.mark.parametrize("name", BUILTIN)
def test_paths_stay_in_the_open_and_look_at_the_scene(name: str) -> None:
    scene = load_scene(name)
    blocks = extrude_scene(scene)
    for path in scene.paths.values():
        assert is_clear(blocks, path), path.name
    for key in scene.paths["tour"].keyframes:
        hits = cast_rays(blocks, key.camera, (32, 18))
        assert 0.4 < (hits.side >= 0).mean() < 0.95
        assert len(np.unique(blocks.find_material(hits.voxel))) >= 4


@pytest.mark.parametrize("name", BUILTIN)
def test_the_script_draws_what_is_shipped(name: str, tmp_path: Path) -> None:
    draw(name, tmp_path)
    np.testing.assert_array_equal(read_pixels(tmp_path / "map.png"), read_pixels(builtin_folder(name) / "map.png"))
    drawn = sorted(p.name for p in (tmp_path / "paths").iterdir())
    assert drawn == sorted(f"{p.name}.json" for p in draw_paths(name))
    assert drawn == sorted(p.name for p in (builtin_folder(name) / "paths").iterdir())
    stored = load_scene(name).paths
    for path in draw_paths(name):
        keys = zip(path.keyframes, stored[path.name].keyframes, strict=True)
        assert all(np.allclose(a.camera.pose, b.camera.pose, atol=1e-9) for a, b in keys)


def test_a_built_in_scene_can_be_saved_as_a_folder(tmp_path: Path) -> None:
    scene = load_scene(BUILTIN[0])
    save_scene(scene, tmp_path / "mine")
    again = load_scene(tmp_path / "mine")
    assert again.hash == scene.hash and again.materials == scene.materials and set(again.paths) == set(scene.paths)
    assert (scene.map == EMPTY).any() and again.notes == ()


def exposed(blocks: Blocks) -> int:
    """Texels of all exposed faces, the underside of the ground left out."""
    solid, n = blocks.solid > 0, blocks.voxels_per_block
    padded = np.pad(solid, ((0, 1), (1, 1), (1, 1)))
    padded = np.concatenate([np.ones_like(padded[:1]), padded])
    count = 0
    for axis, texels in ((0, n * n), (1, n), (2, n)):
        for shift in (1, -1):
            beside = np.roll(padded, shift, axis)[1:-1, 1:-1, 1:-1]
            count += int((solid & ~beside).sum()) * texels
    return count
