"""The paint of surfaces that an edit takes away is kept by surface, and back where the surface is."""

from __future__ import annotations

import numpy as np
import pytest

from engine.atlas.page import FROZEN, STEPS
from engine.atlas.volume import LatentVolume
from engine.edits.atlas_remap import AtlasRemap, plan_remap
from engine.edits.orphaned_paint import OrphanedPaint, PaintStash, collect_orphaned, find_orphaned, match_surfaces
from engine.edits.patch import TilePatch, apply_patch
from engine.geometry.charts import build_charts
from scenes import edit
from scenes.extrude import extrude_scene
from tests.engine.edits.test_atlas_remap import EDITS
from tests.engine.village import CAMERAS, CHANNELS, SIZE, dreamed, same


def painted_pages(volume):
    """The snapshot without pages on which nothing is painted."""
    world = volume.snapshot()
    for number in [n for n, page in world.pages.items() if not page["state"].any()]:
        del world.pages[number]
    return world


def carry(old, new, volume_old, volume_new, scenes, kept):
    """What a remodel does, at once. Returns what is kept afterwards."""
    materials = edit.match_materials(*scenes).astype(np.int64)
    pages = list(volume_old.atlas)
    left = [
        part
        for part in collect_orphaned(volume_old, scenes[0], find_orphaned(old, new, materials, pages))
        if part is not None
    ]
    for part in kept:
        patches, rest = match_surfaces(part, scenes[1], new)
        left += [] if rest is None else [rest]
        for patch in patches:
            apply_patch(volume_new, patch)
    carried = [type(m)(m.source, m.target, m.rectangles) for m in plan_remap(old, new, materials, pages)]
    work = AtlasRemap(volume_old, volume_new, carried)
    while not work.run_slice():
        pass
    return left


@pytest.mark.parametrize("what", EDITS)
def test_there_and_back_is_bit_for_bit_what_it_was(ctx, scene, what):
    after = EDITS[what](scene)
    charts = [build_charts(extrude_scene(s), s) for s in (scene, after)]
    volumes = [LatentVolume(ctx, charts[k], CHANNELS, seed=7) for k in (0, 1, 0)]
    for k, camera in enumerate(CAMERAS.values()):
        volumes[0].scatter(volumes[0].gather(camera, SIZE), dreamed(camera, seed=k))
    before = painted_pages(volumes[0])
    kept = carry(*charts, *volumes[:2], (scene, after), [])
    assert (sum(part.bytes for part in kept) > 0) == (what not in ("nothing", "another order", "another name"))
    kept = carry(*charts[::-1], *volumes[1:], (after, scene), kept)
    assert not kept and same(painted_pages(volumes[2]), before)
    for volume in volumes:
        volume.release()


def test_the_stash_gives_back_all_paint_of_a_material_that_is_not_frozen(scene):
    state = np.zeros((4, 4), np.float32)
    state[:, STEPS], state[3, FROZEN] = 8, 1
    row = np.arange(4)
    patch = TilePatch(0, 0, row, row, np.zeros((1, 4, 4), np.float32), state, np.zeros((4, 8, 8, 4), np.uint8))
    material = np.array([0, 1, 1, 1])
    part = OrphanedPaint(scene, 2, np.zeros((4, 3), int), np.zeros(4, np.int8), material, patch)
    stash = PaintStash()
    stash.replace_items((part, part))
    assert stash.pop_items(scene, 2) == () and stash.items == (part, part)
    taken = stash.pop_items(scene, 1)
    assert [list(p.material) for p in taken] == [[1, 1]] * 2 and [list(p.material) for p in stash.items] == [[0, 1]] * 2
    assert len(stash.pop_items(scene)) == 2 and stash.bytes == 0
    stash.limit = part.bytes
    stash.replace_items((taken[0], part))
    assert stash.items == (part,)
