"""Raising and lowering blocks: they get the height, all others keep theirs, and no material is made in vain."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenes import edit, edit_map
from scenes.blank import make_blank_scene
from scenes.extrude import extrude_scene
from scenes.heights import find_blocks, find_top, raise_blocks
from scenes.load import load_scene, save_scene
from scenes.materials import MAX_HEIGHT
from scenes.scene import EMPTY, Scene

WALL, ROOF, TRUNK, LEAVES = 4, 5, 7, 8


def tops(scene: Scene) -> np.ndarray:
    """float64 [Z,X]: the highest solid voxel's top."""
    blocks = extrude_scene(scene)
    solid = blocks.solid > 0
    return np.where(solid.any(axis=0), len(solid) - np.argmax(solid[::-1], axis=0), 0) / scene.voxels_per_block


def row() -> Scene:
    """Four blocks of wall, a tree and grass."""
    scene = edit_map.paint_stroke(make_blank_scene(8, 6), (1, 2), (4, 2), 1, WALL)
    return edit_map.paint_stroke(scene, (6, 4), (6, 4), 1, TRUNK)


def one(z: int, x: int) -> np.ndarray:
    where = np.zeros((6, 8), bool)
    where[z, x] = True
    return where


def test_a_block_of_a_wall_rises_with_its_roof_and_its_neighbours_stay():
    before = row()
    after = raise_blocks(before, one(2, 1), 1.5)
    expected = tops(before)
    expected[2, 1] += 1.5
    assert np.array_equal(tops(after), expected)
    names = [m.name for m in after.materials]
    assert names[len(before.materials) :] == ["roof 2", "wall 2"]
    assert after.materials[-1].prompt == before.materials[WALL - 1].prompt
    assert after.materials[-1].display == before.materials[WALL - 1].display
    columns = extrude_scene(after).solid
    kinds = [after.materials[v - 1].name.split()[0] for v in columns[:, 2, 1] if v]
    assert kinds == ["wall"] * 32 + ["roof"] * 4


def test_equal_heights_share_a_material_and_the_last_block_of_one_changes_it():
    after = raise_blocks(raise_blocks(row(), one(2, 1), 1.0), one(2, 3), 1.0)
    assert len(after.materials) == len(row().materials) + 2
    higher = raise_blocks(after, find_blocks(after, "wall 2"), 0.5)
    assert len(higher.materials) == len(after.materials)
    assert find_top(higher, int(higher.map[2, 1])) == 4.5 and find_top(higher, WALL) == 3.0
    back = raise_blocks(raise_blocks(row(), one(2, 1), 1.0), one(2, 1), -1.0)
    assert np.array_equal(tops(back), tops(row()))


def test_all_blocks_of_a_material_change_it_itself_and_leaves_keep_their_thickness():
    before = row()
    after = raise_blocks(before, one(4, 6), 2.0)
    assert len(after.materials) == len(before.materials)
    trunk, leaves = after.materials[TRUNK - 1], after.materials[LEAVES - 1]
    assert (trunk.height, leaves.start_height, leaves.height) == (4.0, 3.75, 6.0)


def test_ground_rises_as_its_floor_alone_or_everywhere():
    before = row()
    after = raise_blocks(before, one(0, 0), 0.5)
    assert after.materials[after.map[0, 0] - 1].prompt == "green grass" and tops(after)[0, 0] == 1.0
    assert tops(after)[0, 1] == 0.5 and (after.map == EMPTY).sum() == (before.map == EMPTY).sum() - 1
    everywhere = raise_blocks(before, find_blocks(before, "grass"), 0.5)
    assert np.array_equal(everywhere.map, before.map) and everywhere.materials[0].height == 1.0
    bare = edit.change_scene(before, floor=None)
    assert raise_blocks(bare, one(0, 0), 1.0) is bare


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), change=st.floats(-300, 300))
def test_each_block_gets_its_height_in_whole_voxels_within_limits_and_all_others_stay(seed, change):
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 5, (6, 8), np.uint8)
    before = edit_map.paint_area(make_blank_scene(8, 6), edit_map.Area(0, 0, np.ones((6, 8), bool)), numbers)
    where = rng.random((6, 8)) < 0.3
    if abs(change) > 40:  # heights of so many layers are slow to build
        after = raise_blocks(before, where, change)
        assert all(0 < m.height <= MAX_HEIGHT for m in after.materials)
        return
    after, n = raise_blocks(before, where, change), before.voxels_per_block
    wanted = np.array([_wanted(before, int(v), change) for v in range(5)])[numbers]
    assert np.array_equal(tops(after), np.where(where, wanted, tops(before)))
    assert np.array_equal(np.round(tops(after) * n), tops(after) * n)


def _wanted(scene: Scene, value: int, change: float) -> float:
    """A column's top after a change: its base keeps at least one voxel."""
    n = scene.voxels_per_block
    base = scene.materials[max(0, value - 1)].height
    step = max(np.round(change * n) / n, 1 / n - base)
    return find_top(scene, value) + step


def test_raised_scenes_are_files_like_others(tmp_path):
    after = raise_blocks(raise_blocks(row(), one(2, 1), 1.0), one(0, 0), 0.25)
    save_scene(after, tmp_path / "row")
    assert load_scene(tmp_path / "row").hash == after.hash


def test_what_changes_nothing_is_the_same_scene():
    before = row()
    assert raise_blocks(before, one(2, 1), 0.01) is before
    assert raise_blocks(before, np.zeros((6, 8), bool), 1.0) is before
    with pytest.raises(StopIteration):
        find_blocks(before, "moss")
