"""Ambient light: the share of a cell's surroundings that is filled, however it is counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter

import engine.render.daylight
from engine.render.daylight import REACH, BakedDaylight, bake_daylight
from scenes.extrude import extrude_scene
from tests.scenes.mesh_files import drum_on_lawn


def ambient(solid: np.ndarray, voxels: int) -> np.ndarray:
    return bake_daylight(solid, np.ones(3, bool), voxels)[0][..., 0]


@given(st.integers(0, 2**31 - 1), st.integers(1, 6), st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))
@settings(deadline=None, max_examples=40)
def test_it_is_the_mean_of_a_box(seed: int, height: int, depth: int, width: int, voxels: int) -> None:
    solid = np.random.default_rng(seed).integers(0, 3, (height, depth, width)).astype(np.uint8)
    cells, detail = bake_daylight(solid, np.ones(3, bool), voxels)
    full = np.pad(solid > 0, ((voxels, voxels), (1, 1), (1, 1))).repeat(detail, 1).repeat(detail, 2)
    full[:voxels, detail:-detail, detail:-detail] = True  # the ground
    size = [2 * max(1, round(REACH * scale)) + 1 for scale in (voxels, detail, detail)]
    occupied = uniform_filter(full.astype(np.float64), size, mode="nearest")
    wanted = 255 * np.clip(1 - 1.35 * np.maximum(occupied - 0.32, 0), 0.25, 1)
    assert np.abs(cells[..., 0].swapaxes(0, 1) - wanted).max() <= 1.001


@pytest.mark.parametrize("slab", [1, 300, 5000])
def test_slabs_leave_no_trace(monkeypatch: pytest.MonkeyPatch, slab: int) -> None:
    solid = np.random.default_rng(0).integers(0, 3, (5, 23, 11)).astype(np.uint8)
    whole = ambient(solid, 2)
    monkeypatch.setattr(engine.render.daylight, "SLAB", slab)
    assert np.array_equal(ambient(solid, 2), whole)


def test_meshes_cast_shadows():
    scene = drum_on_lawn()
    blocks = extrude_scene(scene)
    light, dark = BakedDaylight.of(blocks, replace(scene, meshes=())), BakedDaylight.of(blocks, scene)
    ground = dark.cells[:, : light.cells.shape[1]]
    assert dark.cells.shape[1] > light.cells.shape[1]  # as high as the mesh
    assert (ground[..., 1] < light.cells[..., 1]).mean() > 0.01
    assert (ground[..., 1] <= light.cells[..., 1]).all()
