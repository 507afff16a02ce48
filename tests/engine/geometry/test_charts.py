"""Faces, rectangles, packing and the chart table."""

from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from base.errors import InputError
from engine.geometry import faces, sides
from engine.geometry.charts import MAX_CHART_SIDE, build_charts
from engine.geometry.faces import find_faces
from engine.geometry.pack import PAGE, order_by_place, pack_rectangles
from engine.geometry.rectangles import merge_rectangles, split_rectangles
from scenes.extrude import extrude_scene
from scenes.load import load_scene
from scenes.scene import Background, Material, Scene

solids = arrays(np.uint8, st.tuples(*[st.integers(1, 5)] * 3), elements=st.integers(0, 3))


def painted_cells(rectangles: np.ndarray, shape) -> np.ndarray:
    cells = np.zeros(shape, dtype=int)
    for r in rectangles:
        cells[r["plane"], r["row"] : r["row"] + r["rows"], r["column"] : r["column"] + r["columns"]] += r["label"]
    return cells


@given(arrays(np.int32, st.tuples(*[st.integers(1, 6)] * 3), elements=st.integers(0, 2)), st.integers(1, 4))
def test_rectangles_cover_each_cell_once(labels, limit):
    found = merge_rectangles(labels)
    assert (painted_cells(found, labels.shape) == labels).all()
    cut = split_rectangles(found, limit, limit)
    assert (painted_cells(cut, labels.shape) == labels).all()
    assert cut["rows"].max(initial=0) <= limit and cut["columns"].max(initial=0) <= limit


def test_rectangles_come_in_order():
    """By which charts are numbered, and so what worlds on disk were laid out by."""
    labels = np.array(
        [
            [[2, 2, 0, -1], [2, 2, 3, -1], [1, 2, 2, 0], [1, 2, 2, -1]],
            [[0, 0, 5, 5], [0, 7, 5, 5], [0, 7, 7, 0], [0] * 4],
        ]
    )
    fields = "plane", "row", "rows", "column", "columns", "label"
    assert [tuple(int(r[f]) for f in fields) for r in merge_rectangles(labels)] == [
        (0, 2, 2, 0, 1, 1), (0, 0, 2, 0, 2, 2), (0, 2, 2, 1, 2, 2), (0, 1, 1, 2, 1, 3), (0, 0, 2, 3, 1, -1), (0, 3, 1, 3, 1, -1),
        (1, 1, 1, 1, 1, 7), (1, 2, 1, 1, 2, 7), (1, 0, 2, 2, 2, 5),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="too many"):
        merge_rectangles(np.array([[[1, 2**62]]]))


def test_a_plain_merges_into_one_rectangle():
    assert len(merge_rectangles(np.ones((1, 40, 60), np.int32))) == 1


def exposed(solid: np.ndarray, voxels: int) -> set[tuple[int, int, int, int]]:
    """(x, y, z, side) in voxels, cell by cell: the definition."""
    world = solid.repeat(voxels, axis=1).repeat(voxels, axis=2).transpose(2, 0, 1)
    kind = np.array([0, 2, 2, 1])[world]
    found = set()
    for cell in np.argwhere(world):
        for side, step in enumerate(sides.NORMAL.astype(int)):
            there = cell + step
            inside = (there >= 0).all() and (there < world.shape).all()
            if (side, cell[1]) == (3, 0):
                continue
            if kind[tuple(cell)] > (kind[tuple(there)] if inside else 0):
                found.add((*(int(n) for n in cell), side))
    return found


def scene_of(solid: np.ndarray, voxels: int) -> tuple[SimpleNamespace, Scene]:
    materials = tuple(
        Material(n, (i, 0, 0), n, 1.0, (0, 0, 0), opacity=o)
        for i, (n, o) in enumerate(zip("abc", (1, 1, 0.5), strict=True))
    )
    scene = Scene("s", np.zeros((2, 2), np.uint8), materials, Background("sky"), voxels_per_block=voxels)
    return SimpleNamespace(solid=solid, voxels_per_block=voxels), scene


@settings(max_examples=40)
@given(solids, st.integers(1, 3))
def test_charts_are_the_exposed_faces(solid, voxels):
    charts = build_charts(*scene_of(solid, voxels))
    found = {}
    for c in np.flatnonzero(~charts.sky):
        w, h = charts.size[c]
        j, i = (a.ravel() for a in np.mgrid[:h, :w])
        middle = charts.points(np.full(w * h, c), i + 0.5, j + 0.5) - sides.NORMAL[charts.side[c]] * 0.5 / voxels
        for (x, y, z), a, b in zip(np.floor(middle * voxels).astype(int), i, j, strict=True):
            key = (int(x), int(y), int(z), int(charts.side[c]))
            assert key not in found
            found[key] = (c, a, b)
            assert charts.material[c] == solid[y, z // voxels, x // voxels] - 1
    assert set(found) == exposed(solid, voxels)
    if found:
        keys = np.array(list(found))
        answers = np.stack(charts.find_texels(keys[:, :3], keys[:, 3]), axis=1)
        assert (answers == np.array(list(found.values()))).all()
    beyond = np.array(solid.shape)[[2, 0, 1]] * (voxels, 1, voxels) + 2
    x, y, z, side = (a.ravel() for a in np.mgrid[-1 : beyond[0], -1 : beyond[1], -1 : beyond[2], -1:6])
    there = charts.find_texels(np.stack([x, y, z], axis=1), side)[0] >= 0
    cells = (
        np.stack([x // voxels, y, z // voxels, side], axis=1)[there]
    ).tolist()  # whichever voxel of a block is asked
    assert {tuple(cell) for cell in cells} == {(x // voxels, y, z // voxels, side) for x, y, z, side in found}


@settings(max_examples=30)
@given(arrays(np.int32, st.tuples(st.integers(1, 200), st.just(2)), elements=st.integers(1, MAX_CHART_SIDE)))
def test_nothing_overlaps_on_a_page(size):
    place = pack_rectangles(size, order_by_place(size, np.zeros((len(size), 3)), 10.0))
    used = np.zeros((place[:, 0].max() + 1, PAGE, PAGE), dtype=int)
    for (w, h), (page, x, y) in zip(size, place, strict=True):
        assert x + w <= PAGE and y + h <= PAGE
        used[page, y : y + h, x : x + w] += 1
    assert used.max() == 1


def packed_one_by_one(size: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The rule of `pack` for one rectangle after the other: what worlds on disk were laid out by."""
    place = np.empty((len(size), 3), np.int32)
    shelves: list[list[int]] = []
    tops: list[int] = []
    for chart in order:
        w, h = (int(n) for n in size[chart])
        fits = [s for s in shelves[-24:] if s[2] >= h and s[3] + w <= PAGE]
        shelf = min(fits, key=lambda s: s[2] - h, default=None)
        if shelf is None or shelf[2] > 2 * h:
            free = [page for page in range(max(0, len(tops) - 2), len(tops)) if tops[page] + h <= PAGE]
            if not free and shelf is None:
                tops.append(0)
                free = [len(tops) - 1]
            if free:
                shelf = [free[0], tops[free[0]], h, 0]
                shelves.append(shelf)
                tops[free[0]] += h
        place[chart] = shelf[0], shelf[3], shelf[1]
        shelf[3] += w
    return place


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.sampled_from([3, 8, 40, PAGE]), st.booleans())
def test_runs_are_packed_as_if_one_by_one(seed, longest, ordered):
    rng = np.random.default_rng(seed)
    size = rng.integers(1, longest + 1, (int(rng.integers(0, 600)), 2))
    order = order_by_place(size, rng.random((len(size), 3)) * 50, 20.0) if ordered else rng.permutation(len(size))
    np.testing.assert_array_equal(pack_rectangles(size, order), packed_one_by_one(size, order))


def test_worlds_of_the_built_in_scene_still_fit():
    """Changes of the layout make saved worlds useless: bump the world's version and migrate before this is changed."""
    scene = load_scene("hamlet", voxels_per_block=6)
    assert build_charts(extrude_scene(scene), scene).fingerprint.startswith("e28670fb0d7c3dec94f2f2866ccb4411")


def test_a_high_scene_is_looked_up_without_a_table_of_its_cells():
    """Which would be 430 MB here, and gigabytes in the largest scenes."""
    solid = np.ones((4000, 64, 64), np.uint8)
    solid[1:, 1:] = 0
    charts = build_charts(*scene_of(solid, 16))
    tracemalloc.start()
    try:
        chart, _, j = charts.find_texels(np.array([[33, 3999, 7], [33, 0, 7], [33, 0, 20]]), np.array([4, 5, 4]))
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
    assert (
        j.tolist() == [0, MAX_CHART_SIDE - 1 if 4000 % MAX_CHART_SIDE == 0 else 4000 % MAX_CHART_SIDE - 1, -1]
        and chart[2] == -1
    )


def test_pages_fill_well():
    rng = np.random.default_rng(0)
    map_ = rng.integers(1, 3, (64, 64)).astype(np.uint8)
    materials = (Material("low", (0, 0, 0), "low", 1.0, (0, 0, 0)), Material("high", (1, 0, 0), "high", 4.0, (0, 0, 0)))
    scene = Scene("noise", map_, materials, Background("sky"), voxels_per_block=4)
    charts = build_charts(extrude_scene(scene), scene)
    assert charts.texels / (charts.pages * PAGE * PAGE) > 0.7
    assert (np.diff(charts.page) >= 0).all()


def test_an_atlas_picture_is_upright_and_not_mirrored():
    assert np.allclose(np.cross(sides.V, sides.U), sides.NORMAL)
    for side in (0, 1, 4, 5):
        assert sides.V[side] @ (0, -1, 0) == 1


@pytest.mark.parametrize("side", range(6))
def test_a_lone_voxel(side):
    found = find_faces(np.ones((3, 3, 3), np.uint8), np.array([True]), 1, MAX_CHART_SIDE)
    assert len(found) == 5 and (side in found["side"]) == (side != 3)


def test_owner_names_each_texel(charts):
    total = 0
    for page in range(charts.pages):
        owner = charts.owner_map(page)
        ids, count = np.unique(owner[owner >= 0], return_counts=True)
        assert (count == charts.size[ids].prod(axis=1)).all()
        total += count.sum()
    assert total == charts.texels


@pytest.mark.parametrize("cells", [1, 40, 10_000])
def test_faces_merged_plane_by_plane_are_the_same(cells, scene, monkeypatch):
    blocks = extrude_scene(scene)
    whole = build_charts(blocks, scene).fingerprint
    monkeypatch.setattr(faces, "CELLS_AT_ONCE", cells)
    assert build_charts(blocks, scene).fingerprint == whole


def test_more_surfaces_than_memory_holds_are_a_sentence_with_what_would_fit(scene, monkeypatch):
    blocks = extrude_scene(scene)
    for most in (3, 20):
        monkeypatch.setattr(faces, "MAX_FACES", most)
        with pytest.raises(InputError, match=r"separate surfaces, .* a map of \d+ × \d+ blocks of this kind would fit"):
            build_charts(blocks, scene)
