"""Which texels a view shows through see-through surfaces, and views of what is behind these."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.atlas.views import Part
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import build_charts
from scenes.extrude import extrude_scene
from scenes.scene import SKY
from tests.engine.panes import AMBER, BRICK, FRONT, GLASS, panes_scene
from tests.engine.village import CAMERAS, CHANNELS, dreamed

SIZE = (320, 192)


@pytest.fixture
def panes(ctx):
    scene = panes_scene(0.5, 0.25)
    volume = LatentVolume(ctx, build_charts(extrude_scene(scene), scene), CHANNELS)
    yield volume
    volume.release()


def texels(masks) -> set[tuple[int, int, int]]:
    return {(n, int(y), int(x)) for n, mask in masks.items() for y, x in np.argwhere(mask)}


def count(volume: LatentVolume, masks, material: int) -> int:
    owners = {n: volume.charts.owner_map(n) for n in masks}
    return sum(int((volume.charts.material[owners[n][mask]] == material).sum()) for n, mask in masks.items())


def test_through_panes_all_layers_are_seen(panes) -> None:
    near, all_ = (panes.find_visible_texels(FRONT, SIZE, through=through) for through in (False, True))
    assert texels(near) < texels(all_)
    assert count(panes, all_, AMBER) == count(panes, near, AMBER) > 0  # nothing is before it
    for material in (BRICK, GLASS):
        assert count(panes, all_, material) > 1.5 * count(panes, near, material)
    behind = panes.gather(FRONT, (8 * SIZE[0], 8 * SIZE[1]), colours=False, part=Part.BEHIND)
    pixels = set(map(tuple, behind.texel.reshape(-1, 3).tolist()))
    assert len(pixels - texels(all_)) <= 0.002 * len(pixels)


def test_a_mask_marks_the_nearest_surface(panes) -> None:
    y, x = np.mgrid[: SIZE[1], : SIZE[0]] + 0.5
    disc = np.hypot(x - SIZE[0] / 2, y - 110) < 12
    masks = panes.find_visible_texels(FRONT, SIZE, disc)
    assert count(panes, masks, AMBER) == len(texels(masks)) > 0


def test_nothing_is_seen_through_opaque_surfaces(volume) -> None:
    """The village has a pond: through it only its banks and what is below the world appear, and elsewhere nothing."""
    street = CAMERAS["street"]
    near, all_ = (volume.find_visible_texels(street, SIZE, through=through) for through in (False, True))
    more = {n: all_[n] & ~near.get(n, np.zeros_like(all_[n])) for n in all_}
    banks, below, water = (count(volume, more, material) for material in (0, SKY, 2))
    assert banks > 0 and below > 0 and len(texels(more)) == banks + below + water
    chart = np.array([volume.charts.owner_map(n)[y, x] for n, y, x in texels(more)])
    place = volume.charts.centre[chart[~volume.charts.sky[chart]]]
    assert (place[:, 0] > 6.9).all() and (place[:, 2] > 6.9).all()  # at the pond


def test_a_view_behind_shows_no_pane_and_may_paint_only_what_one_covers(panes) -> None:
    front, behind = (panes.gather(FRONT, SIZE, part=part) for part in (Part.SOLID, Part.BEHIND))
    covered = np.isin(front.material, (GLASS, AMBER))
    assert covered.any() and not np.isin(behind.pixel_material, (GLASS, AMBER)).any()
    assert not behind.density[~covered].any()
    solid = covered & (behind.material >= 0)
    assert (behind.density[solid][behind.density[solid] > 0]).size > 0.5 * solid.sum()
    panes.scatter(behind, dreamed(FRONT, size=SIZE))
    again = panes.gather(FRONT, SIZE)
    assert not again.steps[covered].any()
    assert (panes.gather(FRONT, SIZE, part=Part.BEHIND).steps[behind.density > 0] == 10).all()


def test_a_view_behind_is_the_view_of_the_scene_without_panes(panes, ctx) -> None:
    scene = panes_scene(0.5, 0.25)
    plain = replace(scene, map=np.where(scene.map > 2, 1, scene.map).astype(np.uint8))
    bare = LatentVolume(ctx, build_charts(extrude_scene(plain), plain), CHANNELS)
    here, there = panes.gather(FRONT, SIZE, part=Part.BEHIND), bare.gather(FRONT, SIZE)
    assert (here.pixel_material == there.pixel_material).mean() > 0.99
    np.testing.assert_allclose(here.depth, there.depth, atol=0.05)
    bare.release()


def test_painting_the_front_after_what_is_behind_changes_nothing_there(panes) -> None:
    panes.scatter(panes.gather(FRONT, SIZE, part=Part.BEHIND), dreamed(FRONT, size=SIZE))
    before = panes.gather(FRONT, SIZE, part=Part.BEHIND)
    panes.scatter(panes.gather(FRONT, SIZE, part=Part.SOLID), dreamed(FRONT, seed=1, size=SIZE))
    after = panes.gather(FRONT, SIZE, part=Part.BEHIND)
    covered = before.density > 0
    assert (before.latents[:, covered] == after.latents[:, covered]).all()
