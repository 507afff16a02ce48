"""Paint on a mesh goes with it when the scene changes around it, and returns when an edit is undone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.atlas.page import STEPS
from engine.atlas.volume import LatentVolume
from engine.edits.atlas_remap import AtlasRemap, map_texels, match_keys, plan_remap
from engine.edits.orphaned_paint import collect_orphaned, find_orphaned, match_surfaces
from engine.edits.patch import apply_patch
from engine.geometry.charts import Charts, build_charts
from engine.geometry.mesh_charts import MeshKey
from scenes.edit import match_materials
from scenes.extrude import extrude_scene
from scenes.scene import Scene
from tests.engine.atlas.test_meshes import VIEWS, mesh_scene
from tests.engine.village import CHANNELS, SIZE, dreamed
from tests.scenes.mesh_files import drum_mesh


def charts_of(scene: Scene) -> Charts:
    return build_charts(extrude_scene(scene), scene)


def painted(ctx, charts: Charts) -> LatentVolume:
    volume = LatentVolume(ctx, charts, CHANNELS, seed=7)
    volume.scatter(volume.gather(VIEWS["front"], SIZE), dreamed(VIEWS["front"]))
    return volume


def paint_by_triangle(volume: LatentVolume, mesh: int = 0) -> dict[tuple[int, int, int], bytes]:
    """(triangle, i, j) → latents of the painted texels of a mesh."""
    charts, found = volume.charts, {}
    chart, i, j = charts.meshes.owned_texels
    pages = volume.snapshot().pages
    for c, a, b in zip(chart.tolist(), i.tolist(), j.tolist(), strict=True):
        page, y, x = pages.get(int(charts.page[c])), charts.y[c] + b, charts.x[c] + a
        if page is not None and charts.meshes.mesh[c] == mesh and page["state"][y, x, STEPS]:
            found[int(charts.meshes.triangle[c]), a, b] = page["latents"][:, y, x].tobytes()
    return found


def carried(ctx, old: LatentVolume, before: Scene, after: Scene) -> LatentVolume:
    new = LatentVolume(ctx, charts_of(after), CHANNELS)
    materials = match_materials(before, after).astype(np.int64)
    remap = AtlasRemap(old, new, plan_remap(old.charts, new.charts, materials, list(old.atlas)))
    while not remap.run_slice():
        pass
    return new


@pytest.mark.parametrize("change", ("moved", "second", "fewer voxels"))
def test_paint_goes_with_the_mesh(ctx, change):
    before = mesh_scene()
    after = {
        "moved": lambda: mesh_scene(position=(2.0, 1.0, 4.0), rotation=(0.0, 70.0, 0.0)),
        "second": lambda: replace(before, meshes=(drum_mesh("grass"), *before.meshes)),
        "fewer voxels": lambda: replace(before, voxels_per_block=2),
    }[change]()
    old = painted(ctx, charts_of(before))
    was = paint_by_triangle(old)
    assert len(was) > 100
    new = carried(ctx, old, before, after)
    if change == "second":  # the first mesh is another one now
        new = carried(ctx, new, after, before)
    assert paint_by_triangle(new) == (was if change != "fewer voxels" else {})
    old.release()
    new.release()


def test_paint_stays_on_the_mesh_that_stays_when_an_equal_one_before_it_is_removed(ctx):
    after = mesh_scene()
    (drum,) = after.meshes
    away = replace(drum, place=replace(drum.place, position=(5.0, 1.0, 5.0)))
    before = replace(after, meshes=(away, drum))
    old = painted(ctx, charts_of(before))
    new = carried(ctx, carried(ctx, old, before, after), after, before)
    assert paint_by_triangle(old, mesh=1) == paint_by_triangle(new, mesh=1) != {}
    assert paint_by_triangle(new, mesh=0) == {}


def test_paint_of_a_mesh_that_is_gone_returns_with_it(ctx):
    scene = mesh_scene()
    charts = charts_of(scene)
    volume = painted(ctx, charts)
    was = paint_by_triangle(volume)
    bare = charts_of(replace(scene, meshes=()))
    materials, pages = np.arange(2), list(volume.atlas)
    leaving = find_orphaned(charts, bare, materials, pages)
    kept = [part for part in collect_orphaned(volume, scene, leaving) if part is not None]
    assert sum(len(part.voxel) for part in kept) == len(was)
    assert all(match_surfaces(part, scene, bare) == ([], part) for part in kept)
    moved = mesh_scene(position=(2.0, 1.0, 4.0))
    new = LatentVolume(ctx, charts_of(moved), CHANNELS)
    for part in kept:
        patches, rest = match_surfaces(part, moved, new.charts)
        assert rest is None
        for patch in patches:
            apply_patch(new, patch)
    assert paint_by_triangle(new) == was
    volume.release()
    new.release()


def test_a_mesh_of_other_material_or_triangles_keeps_no_paint():
    scene = mesh_scene()
    charts = charts_of(scene)
    page = int(charts.page[charts.meshes.mesh == 0][0])
    own = charts.owner_map(page)
    own = (own >= 0) & (charts.meshes.mesh[own] == 0)
    for mesh in (drum_mesh("grass", 5, scale=2.2), drum_mesh("stone", 7, scale=2.2), drum_mesh("stone", 5, scale=1.0)):
        other = charts_of(replace(scene, meshes=(mesh,)))
        assert (map_texels(charts, other, np.arange(2), page)[own] == -1).all()
    same = charts_of(mesh_scene(position=(1.0, 1.0, 1.0)))
    assert (map_texels(charts, same, np.arange(2), page)[own] >= 0).all()


def test_equal_meshes_are_matched_one_by_one():
    def keys(shapes: str, *places: int) -> tuple[MeshKey, ...]:
        return tuple(MeshKey(shape, (place,)) for shape, place in zip(shapes, places, strict=True))

    before = keys("abac", 1, 2, 3, 4)
    moved, fewer = keys("baxa", 2, 5, 4, 6), keys("ba", 2, 3)
    assert match_keys(before, moved).tolist() == [1, 0, 3, -1]  # of moved ones the first is the first
    assert match_keys(before, fewer).tolist() == [-1, 0, 1, -1]  # and none takes the place of one that stands
    assert match_keys(before, keys("aa", 3, 8)).tolist() == [1, -1, 0, -1]
