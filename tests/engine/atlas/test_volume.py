"""Gather and scatter on GL against their numpy twins, and the promises of the latent volume."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from base.errors import InputError
from engine.atlas import policy
from engine.atlas.page import DENSITY, EDGE_CONTAMINATED, FROZEN, STEPS
from engine.atlas.views import Part
from engine.atlas.volume import LatentVolume
from scenes.camera import Camera
from scenes.raycast import cast_rays
from scenes.scene import SKY
from tests.engine import reference
from tests.engine.village import CAMERAS, CHANNELS, SIZE, dreamed, same

SMALL = (SIZE[0] // 8, SIZE[1] // 8)


def away_from_edges(chart: np.ndarray, texel: np.ndarray) -> np.ndarray:
    """bool [h,w]: pixels whose four neighbours show the same texel."""
    key = np.concatenate([chart[..., None], texel], axis=-1)
    inner = np.zeros(chart.shape, dtype=bool)
    c = key[1:-1, 1:-1]
    inner[1:-1, 1:-1] = (
        (c == key[:-2, 1:-1]).all(-1)
        & (c == key[2:, 1:-1]).all(-1)
        & (c == key[1:-1, :-2]).all(-1)
        & (c == key[1:-1, 2:]).all(-1)
    )
    return inner


def test_the_view_is_what_the_cpu_raycaster_sees(volume, charts, blocks, camera):
    size = (1536, 1024)
    gathered = volume.gather(camera, size)
    hits = cast_rays(blocks, camera, (size[0] // 8, size[1] // 8))
    chart, i, j = charts.find_texels(hits.voxel, hits.side)
    sky = hits.side < 0
    assert ((gathered.material == SKY) == sky).mean() > 0.998
    texel = np.stack([charts.page[chart], charts.y[chart] + j, charts.x[chart] + i], axis=-1)
    inner = away_from_edges(chart, texel) & ~sky
    assert inner.sum() > 1000
    agree = (gathered.chart == chart) & (gathered.texel == texel).all(-1)
    assert agree[inner].mean() >= 0.995
    assert np.allclose(gathered.depth[inner & agree], hits.depth[inner & agree], rtol=1e-4)


def test_gather_is_its_twin(volume, charts, camera):
    volume.scatter(volume.gather(CAMERAS["street"], SIZE), dreamed(CAMERAS["street"]))
    gathered = volume.gather(camera, SIZE)
    seen = reference.picture(charts, camera, SMALL)
    # at latent resolution rays pass through the same points as the look's latent pixels
    latents, state = reference.gather(volume.snapshot().pages, charts, seen, CHANNELS)
    agree = gathered.chart == seen.chart
    assert agree.mean() > 0.99
    i, j = reference.texels(charts, seen.chart, seen.u, seen.v)
    agree &= (
        gathered.texel == np.stack([charts.page[seen.chart], charts.y[seen.chart] + j, charts.x[seen.chart] + i], -1)
    ).all(-1)
    assert agree.mean() > 0.98
    view = reference.picture(charts, camera, SIZE)
    density, _, _, beside = (
        a.reshape(agree.shape) for a in reference.claim(view, charts, seen.chart.ravel(), i.ravel(), j.ravel())
    )
    freed = policy.is_edge_contaminated(
        state[..., DENSITY], state[..., FROZEN] == EDGE_CONTAMINATED, np.where(beside, -density, density)
    )
    assert (gathered.edge_contaminated == freed)[agree].mean() > 0.98
    agree &= gathered.edge_contaminated == freed
    assert (gathered.latents[:, agree] == np.where(freed, 0, latents)[:, agree]).all()
    assert (gathered.steps[agree] == np.where(freed, 0, state[..., STEPS])[agree]).all()
    close = np.isclose(gathered.density, density, rtol=0.01, atol=0.01)
    assert close[agree].mean() > 0.98


def test_without_colours_a_view_is_otherwise_the_same(painted, camera):
    whole, bare = (painted.gather(camera, SIZE, colours) for colours in (True, False))
    assert whole.colours[..., 3].any() and not bare.colours.any()
    for name in ("chart", "texel", "density", "latents", "steps", "pixel_material", "pixel_depth"):
        assert np.array_equal(getattr(whole, name), getattr(bare, name)), name


def test_a_look_knows_the_material_of_each_pixel(volume, charts, camera):
    sees = reference.picture(charts, camera, SIZE)
    assert (volume.gather(camera, SIZE).pixel_material == charts.material[sees.chart]).mean() > 0.995


@pytest.mark.parametrize("borders", (True, False))
def test_scatter_is_its_twin(volume, charts, camera, borders):
    painting = replace(dreamed(camera), borders=borders)
    count = volume.scatter(volume.gather(camera, SIZE), painting)
    ours, theirs = volume.snapshot().pages, reference.scatter({}, charts, painting, 1)
    assert ours.keys() == theirs.keys()
    for number in ours:
        took, should = ours[number]["state"][..., 0] > 0, theirs[number]["state"][..., 0] > 0
        assert (took & should).sum() / (took | should).sum() > 0.98
        both = took & should
        latents = (ours[number]["latents"] == theirs[number]["latents"]).all(axis=0)
        assert latents[both].mean() > 0.98
        density = np.isclose(ours[number]["state"][..., 1], theirs[number]["state"][..., 1], rtol=0.01)
        assert density[both].mean() > 0.98
        cells = both.repeat(8, 0).repeat(8, 1)
        difference = np.abs(ours[number]["colour"].astype(int) - theirs[number]["colour"])[cells]
        assert (difference[:, 3] == 0).all()
        assert (difference.max(axis=-1) <= 6).mean() > 0.97
    assert count == sum(int((p["state"][..., 0] > 0).sum()) for p in ours.values())


def test_a_dreamed_view_is_covered_and_stays(volume, camera):
    gathered = volume.gather(camera, SIZE)
    assert policy.coverage(gathered, 10) == 0
    assert volume.scatter(gathered, dreamed(camera)) > 0
    again = volume.gather(camera, SIZE)
    assert policy.coverage(again, 10) == 1
    assert (policy.change_map(again, 10)[policy.claimable_mask(again)] == 0).all()
    before = volume.snapshot()
    assert volume.scatter(again, dreamed(camera, seed=5)) == 0
    assert volume.scatter(again, dreamed(camera, seed=5, steps=4)) == 0
    assert same(before, volume.snapshot()) and volume.revision == before.revision


def test_paint_beside_an_edge_is_bare_where_the_edge_has_gone(volume):
    """What a view mixes of a wall and the sky behind it stays in that view, guides no other one, and goes when it is seen free."""
    first = Camera.look_at((6.0, 2.2, 11.5), (5.5, 1.0, 4.0), fov=70)
    volume.scatter(volume.gather(first, SIZE), dreamed(first))
    again = volume.gather(first, SIZE)
    assert policy.coverage(again, 10) == 1 and not again.edge_contaminated.any()
    aside = Camera.look_at((7.0, 2.2, 11.5), (6.5, 1.0, 4.0), fov=70)
    gathered = volume.gather(aside, SIZE)
    assert 5 < gathered.edge_contaminated.sum() < 0.3 * gathered.edge_contaminated.size
    assert (
        not gathered.steps[gathered.edge_contaminated].any()
        and not gathered.latents[:, gathered.edge_contaminated].any()
    )
    bare = gathered.edge_contaminated.repeat(8, 0).repeat(8, 1)
    assert gathered.colours[bare][:, 3].any()  # of texels that stay, which the dream goes on from
    assert (policy.change_map(gathered, 10)[gathered.edge_contaminated] == 1).all()
    assert (policy.missing_share(gathered, 10)[gathered.edge_contaminated] == policy.EDGE_CONTAMINATED_LACK).all()
    volume.scatter(gathered, dreamed(aside, seed=1))
    assert not volume.gather(aside, SIZE).edge_contaminated.any()


def test_a_view_of_solid_surfaces_leaves_the_sky_alone(volume, charts):
    camera = CAMERAS["above"]
    gathered = volume.gather(camera, SIZE, part=Part.SOLID)
    sky = gathered.material == SKY
    assert sky.any() and not gathered.density[sky].any() and (gathered.density > 0)[2:-2, 2:-2][~sky[2:-2, 2:-2]].all()
    assert volume.write_mask(gathered, 10)[gathered.pixel_material == SKY].sum() == 0
    assert volume.scatter(gathered, dreamed(camera)) > 0
    again = volume.gather(camera, SIZE)
    assert not again.steps[sky].any() and not again.colours[..., 3][again.pixel_material == SKY].any()
    volume.scatter(again, dreamed(camera, seed=1))
    known, sky = volume.gather(camera, SIZE, part=Part.SOLID), sky[2:-2, 2:-2]
    assert (
        policy.final_mask(known, 10)[2:-2, 2:-2][sky].all() and not policy.claimable_mask(known)[2:-2, 2:-2][sky].any()
    )


def test_a_view_of_the_sky_sees_through_everything_else(volume, charts):
    camera = CAMERAS["street"]
    gathered = volume.gather(camera, SIZE, part=Part.SKY)
    assert (
        charts.sky[gathered.chart].all()
        and (gathered.pixel_material == SKY).all()
        and (gathered.density > 0)[2:-2, 2:-2].all()
    )
    assert volume.write_mask(gathered, 10)[16:-16, 16:-16].all()
    volume.scatter(gathered, dreamed(camera))
    solid = ~charts.sky[volume.gather(camera, SIZE).chart]
    assert solid.mean() > 0.3 and not volume.gather(camera, SIZE).steps[solid].any()
    assert (volume.gather(camera, SIZE, part=Part.SKY).steps[2:-2, 2:-2] == 10).all()


def test_more_steps_replace_fewer(volume):
    camera = CAMERAS["street"]
    volume.scatter(volume.gather(camera, SIZE), dreamed(camera, steps=4))
    gathered = volume.gather(camera, SIZE)
    assert policy.coverage(gathered, 10) == 0
    assert (policy.change_map(gathered, 10)[policy.claimable_mask(gathered)] == 1).all() and not policy.guide_mask(
        gathered, 10
    ).any()
    volume.scatter(gathered, dreamed(camera, steps=10, seed=1))
    gathered = volume.gather(camera, SIZE)
    assert policy.coverage(gathered, 10) == 1 and policy.guide_mask(gathered, 10)[policy.claimable_mask(gathered)].all()


def test_no_texel_gets_worse_by_walking(volume):
    """From afar, near, and afar again: density never falls, and finished texels keep their bytes."""
    path = [Camera.look_at((5.5, 1.6, z), (5.5, 1.4, 4.0), fov=60) for z in (16.0, 11.0, 7.0, 11.0, 16.0)]
    known: dict[int, np.ndarray] = {}
    for k, camera in enumerate(path):
        gathered = volume.gather(camera, SIZE)
        done = policy.final_mask(gathered, 10)
        volume.scatter(gathered, dreamed(camera, seed=k))
        after = volume.gather(camera, SIZE)
        assert (after.latents[:, done] == gathered.latents[:, done]).all()
        for number, page in volume.snapshot().pages.items():
            assert (page["state"][..., 1] >= known.get(number, np.zeros(1))).all()
            known[number] = page["state"][..., 1]
    assert policy.coverage(volume.gather(path[0], SIZE), 10) == 1


def test_what_was_painted_is_what_is_seen(volume, camera):
    painting = dreamed(camera)
    volume.scatter(volume.gather(camera, SIZE), painting)
    gathered = volume.gather(camera, SIZE)
    shown = gathered.colours[..., 3] == 255
    assert shown[8:-8, 8:-8].mean() > 0.95
    error = np.abs(gathered.colours[..., :3].astype(int) - painting.colours)[shown]
    assert np.median(error) <= 4


@pytest.mark.parametrize("channels", [3, 4, 16])
def test_any_number_of_channels(ctx, charts, channels):
    volume = LatentVolume(ctx, charts, channels, seed=1)
    camera = CAMERAS["street"]
    painting = dreamed(camera, channels=channels)
    volume.scatter(volume.gather(camera, SIZE), painting)
    gathered = volume.gather(camera, SIZE)
    assert gathered.latents.shape == (channels, SMALL[1], SMALL[0]) == gathered.noise.shape
    stored = gathered.latents[:, gathered.steps > 0].T
    known = {tuple(row) for row in painting.latents.reshape(channels, -1).T.tolist()}
    assert all(tuple(row) in known for row in stored.tolist())
    volume.release()


def test_snapshot_and_restore(ctx, charts, volume):
    camera = CAMERAS["above"]
    volume.scatter(volume.gather(camera, SIZE), dreamed(camera))
    world = volume.snapshot()
    other = LatentVolume(ctx, charts, CHANNELS, seed=0)
    other.restore(world)
    assert same(world, other.snapshot())
    a, b = volume.gather(camera, SIZE), other.gather(camera, SIZE)
    assert all(
        np.array_equal(getattr(a, k), getattr(b, k)) for k in ("latents", "steps", "stored_density", "noise", "colours")
    )
    assert other.scatter(b, dreamed(camera, seed=3)) == 0
    volume.erase()
    assert policy.coverage(volume.gather(camera, SIZE), 10) == 0
    other.release()


def test_wrong_sizes_and_paintings_are_refused(volume):
    camera = CAMERAS["street"]
    with pytest.raises(InputError, match="multiples of 8"):
        volume.gather(camera, (100, 64))
    gathered = volume.gather(camera, SIZE)
    with pytest.raises(ValueError, match="camera or size"):
        volume.scatter(gathered, dreamed(CAMERAS["above"]))
    bad = dreamed(camera)
    bad.latents[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        volume.scatter(gathered, bad)
