"""Paint survives an edit where its surface does, bit for bit; everything else is bare."""

from __future__ import annotations

import numpy as np
import pytest

from base.grid import CELL
from engine.atlas.page import STEPS
from engine.atlas.volume import LatentVolume
from engine.edits.atlas_remap import AtlasRemap, map_texels, plan_remap, texel_voxels
from engine.geometry.charts import build_charts
from scenes import edit, edit_map
from scenes.extrude import extrude_scene
from scenes.scene import SKY
from tests.engine.village import CAMERAS, CHANNELS, dreamed, same

EDITS = {
    "nothing": lambda s: s,
    "a wall in the meadow": lambda s: edit_map.paint_stroke(s, (5.5, 5.5), (9.5, 5.5), 1, 2),
    "a house gone": lambda s: edit_map.fill_area(s, (4, 3), 1),
    "higher houses": lambda s: edit.change_material(s, 1, height=4.0),
    "lower ground": lambda s: edit.change_material(s, 0, height=0.0),
    "another order": lambda s: edit.move_material(s, 0, 2),
    "another name": lambda s: edit.change_material(s, 0, name="lawn"),
    "no pond": lambda s: edit.remove_material(s, 2),
    "finer": lambda s: edit.change_scene(s, voxels_per_block=4),
}


def worlds(scene, what):
    """((before, charts), (after, charts), the new index of each material)."""
    after = EDITS[what](scene)
    charts = [build_charts(extrude_scene(s), s) for s in (scene, after)]
    return (scene, charts[0]), (after, charts[1]), edit.match_materials(scene, after)


def faces(scene, charts):
    """{(voxel, side, material's name): (page, y, x)} of every texel, one at a time; the sky's by side and texel."""
    found = {}
    for c in range(len(charts)):
        j, i = (grid.ravel() for grid in np.mgrid[: charts.size[c, 1], : charts.size[c, 0]])
        side, material = int(charts.side[c]), int(charts.material[c])
        name = "sky" if material == SKY else scene.materials[material].name
        voxel = np.stack([i, j, 0 * i], axis=1) if material == SKY else texel_voxels(charts, np.full(len(i), c), i, j)
        for k in range(len(i)):
            place = (int(charts.page[c]), int(charts.y[c] + j[k]), int(charts.x[c] + i[k]))
            found[(*voxel[k].tolist(), side, name)] = place
    return found


def test_the_voxel_behind_a_texel_is_the_one_that_looks_it_up(charts):
    for c in np.flatnonzero(~charts.sky):
        j, i = (grid.ravel() for grid in np.mgrid[: charts.size[c, 1], : charts.size[c, 0]])
        voxel = texel_voxels(charts, np.full(len(i), c), i, j)
        chart, u, v = charts.find_texels(voxel, np.full(len(i), charts.side[c]))
        assert (chart == c).all() and np.array_equal(u, i) and np.array_equal(v, j)


@pytest.mark.parametrize("what", EDITS)
def test_exactly_the_texels_of_the_same_face_and_material_survive(scene, what):
    (before, old), (after, new), materials = worlds(scene, what)
    names = {before.materials[i].name: after.materials[k].name for i, k in enumerate(materials) if k >= 0} | {
        "sky": "sky"
    }
    targets = faces(after, new)
    expected = {
        place: targets.get((*key[:4], names.get(key[4])))
        for key, place in faces(before, old).items()
        if before.voxels_per_block == after.voxels_per_block or key[4] == "sky"
    }
    for page in range(old.pages):
        there = map_texels(old, new, materials, page)
        found = {(page, int(y), int(x)): tuple(there[y, x].tolist()) for y, x in np.argwhere(there[..., 0] >= 0)}
        assert found == {k: v for k, v in expected.items() if k[0] == page and v is not None}
    if what in ("nothing", "another name"):
        assert all(move.whole for move in plan_remap(old, new, materials, range(old.pages)))


@pytest.mark.parametrize("what", EDITS)
def test_the_gpu_carries_over_what_survives_and_nothing_else(ctx, scene, what):
    (_, old), (_, new), materials = worlds(scene, what)
    before, after = (LatentVolume(ctx, charts, CHANNELS, seed=7) for charts in (old, new))
    for k, camera in enumerate(CAMERAS.values()):
        before.scatter(before.gather(camera, (192, 128)), dreamed(camera, seed=k))
    world = before.snapshot()
    work = AtlasRemap(before, after, plan_remap(old, new, materials, list(before.atlas)))
    for _ in range(1000):
        if work.run_slice():
            break
        assert same(before.snapshot(), world)  # as long as it is shown
    got = after.snapshot()
    assert after.revision > world.revision and after.seed == 7
    carried = 0
    for number, page in got.pages.items():
        painted = np.zeros(page["state"].shape[:2], bool)
        for source, stored in world.pages.items():
            there = map_texels(old, new, materials, source)
            sy, sx = np.nonzero((there[..., 0] == number) & (stored["state"][..., STEPS] > 0))
            ty, tx = there[sy, sx, 1], there[sy, sx, 2]
            painted[ty, tx] = True
            assert np.array_equal(page["latents"][:, ty, tx], stored["latents"][:, sy, sx])
            assert np.array_equal(page["state"][ty, tx], stored["state"][sy, sx])
            for dy, dx in np.ndindex(CELL, CELL):
                new_colours = page["colour"][CELL * ty + dy, CELL * tx + dx]
                assert np.array_equal(new_colours, stored["colour"][CELL * sy + dy, CELL * sx + dx])
        assert np.array_equal(page["state"][..., STEPS] > 0, painted)
        assert not page["colour"].reshape(256, CELL, 256, CELL, 4).any(axis=(1, 3, 4))[~painted].any()
        carried += int(painted.sum())
    total = sum(int((p["state"][..., STEPS] > 0).sum()) for p in world.pages.values())
    assert 0 < carried <= total
    assert (carried == total) == (what in ("nothing", "another order", "another name"))
    before.release()
    after.release()


def test_paint_goes_on_after_a_transplant(ctx, scene):
    (_, old), (_, new), materials = worlds(scene, "a wall in the meadow")
    before, after = (LatentVolume(ctx, charts, CHANNELS) for charts in (old, new))
    camera = CAMERAS["street"]
    before.scatter(before.gather(camera, (192, 128)), dreamed(camera))
    work = AtlasRemap(before, after, plan_remap(old, new, materials, list(before.atlas)))
    while not work.run_slice():
        pass
    before.release()
    gathered = after.gather(camera, (192, 128))
    assert 0 < (gathered.steps > 0).mean() < 1
    assert after.scatter(gathered, dreamed(camera, seed=5)) > 0
    assert (after.gather(camera, (192, 128)).steps[1:-1, 1:-1] > 0).mean() > 0.9
    after.release()


def test_volumes_of_other_models_are_refused(ctx, charts, scene):
    four, eight = LatentVolume(ctx, charts, 4), LatentVolume(ctx, charts, 8)
    with pytest.raises(ValueError, match="channels"):
        AtlasRemap(four, eight, [])
    four.release()
    eight.release()
