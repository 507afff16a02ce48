"""The paint of surfaces that an edit takes away is kept by surface, and back where the surface is."""

from __future__ import annotations

import numpy as np
import pytest

from engine.atlas.page import HELD, STEPS
from engine.atlas.volume import LatentVolume
from engine.edits.atlas_remap import Transplant, moves
from engine.edits.orphaned_paint import Salvage, Shelf, lost, returning, salvage
from engine.edits.patch import Patch, put
from engine.geometry.charts import build_charts
from scenes import edit
from scenes.extrude import extrude
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
    materials = edit.same_material(*scenes).astype(np.int64)
    pages = list(volume_old.atlas)
    left = [part for part in salvage(volume_old, scenes[0], lost(old, new, materials, pages)) if part is not None]
    for part in kept:
        patches, rest = returning(part, scenes[1], new)
        left += [] if rest is None else [rest]
        for patch in patches:
            put(volume_new, patch)
    carried = [type(m)(m.source, m.target, m.rectangles) for m in moves(old, new, materials, pages)]
    work = Transplant(volume_old, volume_new, carried)
    while not work.step():
        pass
    return left


@pytest.mark.parametrize("what", EDITS)
def test_there_and_back_is_bit_for_bit_what_it_was(ctx, scene, what):
    after = EDITS[what](scene)
    charts = [build_charts(extrude(s), s) for s in (scene, after)]
    volumes = [LatentVolume(ctx, charts[k], CHANNELS, seed=7) for k in (0, 1, 0)]
    for k, camera in enumerate(CAMERAS.values()):
        volumes[0].scatter(volumes[0].gather(camera, SIZE), dreamed(camera, seed=k))
    before = painted_pages(volumes[0])
    kept = carry(*charts, *volumes[:2], (scene, after), [])
    assert (sum(part.bytes for part in kept) > 0) == (what not in ("nothing", "another order", "another name"))
    kept = carry(*charts[::-1], *volumes[1:], (after, scene), kept)
    assert not kept and same(painted_pages(volumes[2]), before)
    for volume in volumes:
        volume.free()


def test_of_a_material_all_that_is_not_frozen_is_taken_off_the_shelf(scene):
    state = np.zeros((4, 4), np.float32)
    state[:, STEPS], state[3, HELD] = 8, 1
    row = np.arange(4)
    patch = Patch(0, 0, row, row, np.zeros((1, 4, 4), np.float32), state, np.zeros((4, 8, 8, 4), np.uint8))
    material = np.array([0, 1, 1, 1])
    part = Salvage(scene, 2, np.zeros((4, 3), int), np.zeros(4, np.int8), material, patch)
    shelf = Shelf()
    shelf.put((part, part))
    assert shelf.take(scene, 2) == () and shelf.parts == (part, part)
    taken = shelf.take(scene, 1)
    assert [list(p.material) for p in taken] == [[1, 1]] * 2 and [list(p.material) for p in shelf.parts] == [[0, 1]] * 2
    assert len(shelf.take(scene)) == 2 and shelf.bytes == 0
    shelf.limit = part.bytes
    shelf.put((taken[0], part))
    assert shelf.parts == (part,)
