"""Columns of blocks: counts by hand, stacks, floor and ceiling, and voxel volumes on random maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import InputError
from scenes.extrude import extrude_scene
from scenes.load import load_scene
from scenes.report import describe_scene
from scenes.scene import NO_COLOUR, Background, Material, Scene


def material(name: str, height: float, **more: object) -> Material:
    return Material(name=name, source=NO_COLOUR, prompt=name, height=height, display=(0, 0, 0), **more)  # type: ignore[arg-type]


def column(*materials: Material, n: int = 1, value: int = 1, **more: object) -> list[int]:
    """The column of map value `value`, from the ground up, beside a column of empty ground."""
    plan = np.array([[value, 0], [value, 0]], np.uint8)
    scene = Scene("s", plan, materials, Background("sky"), voxels_per_block=n, **more)  # type: ignore[arg-type]
    return extrude_scene(scene).solid[:, 0, 0].tolist()


def test_room(room: Path) -> None:
    blocks = extrude_scene(load_scene(room, voxels_per_block=4))
    assert blocks.solid.shape == (24, 8, 8) and blocks.size == (8.0, 6.0, 8.0)
    assert blocks.solid[:, 0, 0].tolist() == [1] * 24
    assert blocks.solid[:, 2, 2].tolist() == [2] * 8 + [0] * 12 + [4] * 4
    assert blocks.solid[:, 4, 4].tolist() == [3] * 4 + [0] * 16 + [4] * 4
    assert blocks.count_voxels(4).tolist() == [28 * 24 * 16, 2 * 8 * 16, 34 * 4 * 16, 36 * 4 * 16]


def test_start_over_and_under() -> None:
    window = material("window", 3, start_height=2, material_over="lintel", material_under="sill")
    assert column(window, material("lintel", 5), material("sill", 1)) == [3, 0, 1, 2, 2]
    assert column(material("trunk", 2, material_over="leaves"), material("leaves", 4, start_height=1)) == [1, 1, 2, 2]


def test_the_first_material_keeps_its_voxel() -> None:
    low = material("low", 3, start_height=1, material_under="all")
    assert column(low, material("all", 4)) == [2, 1, 1, 2]


def test_fractions_of_a_block_are_rounded_and_never_vanish() -> None:
    assert column(material("a", 0.5), n=4) == [1, 1]
    assert column(material("a", 0.01), n=4) == [1]
    assert column(material("a", 1.37), n=4) == [1] * 5


def test_what_has_no_opacity_or_height_is_not_built() -> None:
    assert column(material("air", 4, opacity=0.0)) == [0]
    assert column(material("flat", 0, material_over="top"), material("top", 2)) == [2, 2]


def test_floor_fills_only_columns_that_are_open_below() -> None:
    bridge, floor = material("bridge", 4, start_height=3), material("floor", 1)
    assert column(bridge, floor, floor="floor") == [2, 0, 0, 1]
    assert column(material("wall", 3), floor, floor="floor") == [1, 1, 1]


def test_many_shared_stacks_are_quick() -> None:
    chain = [material(f"m{i}", 1, material_over=f"m{i + 1}", material_under=f"m{i + 1}") for i in range(253)]
    assert column(*chain, material("m253", 2)) == [1, 254]


@settings(max_examples=40)
@given(
    plan=st.integers(0, 2**32).map(lambda s: np.random.default_rng(s).integers(0, 4, (5, 7)).astype(np.uint8)),
    heights=st.lists(st.integers(1, 12), min_size=3, max_size=3),
    n=st.integers(1, 8),
)
def test_volume_is_the_sum_of_the_pixels(plan: np.ndarray, heights: list[int], n: int) -> None:
    materials = tuple(material(f"m{i}", h / 2) for i, h in enumerate(heights))
    scene = Scene("s", plan, materials, Background("sky"), voxels_per_block=n)
    blocks = extrude_scene(scene)
    pixels = np.bincount(plan.ravel(), minlength=4)[1:]
    layers = [max(1, int(np.floor(h / 2 * n + 0.5))) for h in heights]
    assert blocks.count_voxels(3).tolist() == (pixels * layers * n * n).tolist()
    assert (blocks.solid.max(axis=0) == plan).all()
    centres = np.argwhere(np.ones(blocks.solid.shape, bool)) + 0.5
    points = centres[:, [2, 0, 1]] / [1, n, 1]
    np.testing.assert_array_equal(blocks.is_solid(points), blocks.solid.ravel() > 0)


def test_a_scene_that_would_fill_the_memory_is_refused() -> None:
    scene = Scene(
        "huge", np.ones((1024, 1024), np.uint8), (material("a", 256),), Background("sky"), voxels_per_block=16
    )
    with pytest.raises(InputError, match="huge: voxels_per_block of 16 makes 4096 layers"):
        extrude_scene(scene)


def test_outside_is_sky() -> None:
    scene = Scene("s", np.ones((2, 2), np.uint8), (material("a", 1),), Background("sky"), voxels_per_block=4)
    blocks = extrude_scene(scene)
    assert blocks.find_material(np.array([[-1, 0, 0], [0, 4, 0], [0, 0, 8], [7, 3, 7]])).tolist() == [-1, -1, -1, 0]


def test_report_counts_and_names_problems(room: Path) -> None:
    scene = load_scene(room, voxels_per_block=4)
    found = describe_scene(scene, extrude_scene(scene))
    assert found["blocks"] == 30 and found["empty_blocks"] == 34 and found["size_blocks"] == [8.0, 6.0, 8.0]
    assert found["voxels"] == sum(m["voxels"] for m in found["materials"]) == (28 * 24 + 2 * 8 + 34 * 4 + 36 * 4) * 16
    assert found["problems"] == list(scene.notes)
    plan = np.array([[1, 0]], np.uint8)
    bare = Scene("s", plan, (material("a", 2, material_over="b"), material("b", 1), material("c", 1)), Background("x"))
    problems = describe_scene(bare, extrude_scene(bare))["problems"]
    assert "1 of 2 columns have no ground" in problems[0]
    assert "'b' is wanted, but" in problems[1] and "'c' is never used" in problems[2]
