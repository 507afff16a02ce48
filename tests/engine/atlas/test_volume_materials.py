"""What a painting may change: borders between materials, remembered cells, slivers, the write mask."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.atlas import policy
from engine.atlas.page import EDGE_CONTAMINATED, FROZEN, REVISION, STEPS
from engine.atlas.views import PaintedView
from engine.atlas.volume import LatentVolume
from engine.geometry.pack import PAGE
from scenes.scene import SKY
from tests.engine import reference
from tests.engine.village import CAMERAS, SIZE, dreamed

SMALL = (SIZE[0] // 8, SIZE[1] // 8)


def test_no_material_takes_its_neighbours_colour(volume, charts, camera):
    gathered = volume.gather(camera, SIZE)
    materials = np.unique(gathered.material)
    palette = {int(m): (40 + 60 * k, 200 - 50 * k, 30 * k) for k, m in enumerate(materials)}
    colours = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    for material, colour in palette.items():
        colours[gathered.pixel_material == material] = colour
    latents = np.repeat(gathered.material[None].astype(np.float32), volume.channels, axis=0)
    volume.scatter(gathered, PaintedView(camera, SIZE, latents, colours, 10))
    right = wrong = 0
    for number, page in volume.snapshot().pages.items():
        owner = charts.owner_map(number)
        painted = (page["state"][..., 0] > 0) & (owner >= 0)
        for material, colour in palette.items():
            mine = painted & (charts.material[owner] == material)
            own = mine & (page["state"][..., FROZEN] != EDGE_CONTAMINATED)
            assert (page["latents"][0][own] == material).mean() > 0.99
            shown = page["colour"][mine.repeat(8, 0).repeat(8, 1)][:, :3].astype(int)
            off = np.abs(shown - colour).max(axis=1) > 8
            right, wrong = right + int((~off).sum()), wrong + int(off.sum())
    assert wrong < 0.002 * right


def test_a_picture_without_borders_falls_on_every_material_alike(volume, charts, camera):
    """A dream whose latent pixels are all of the sky paints the sky alone; a picture that knows no materials falls on all of them."""
    gathered, painting = volume.gather(camera, SIZE), dreamed(camera)
    gathered = replace(gathered, material=np.full_like(gathered.material, SKY))
    painted = {}
    for borders in (True, False):
        volume.erase()
        volume.scatter(gathered, replace(painting, borders=borders))
        shown = volume.gather(camera, SIZE)
        painted[borders] = {int(m) for m in np.unique(shown.pixel_material[shown.colours[..., 3] > 0])}
    assert painted == {True: {SKY}, False: {int(m) for m in np.unique(shown.pixel_material[8:-8, 8:-8])}}


def test_a_material_that_no_latent_pixel_shows_is_painted_if_it_was_dreamed(volume, charts):
    """A sill with the prompt of its wall is dreamed as wall, be it narrower than a latent pixel. Its paint is provisional."""
    camera = CAMERAS["street"]
    gathered, painting = volume.gather(camera, SIZE), dreamed(camera)
    thin = int(np.bincount(gathered.material[gathered.material != SKY]).argmax())
    gathered = replace(gathered, material=np.where(gathered.material == thin, SKY, gathered.material).astype(np.int16))
    assert not volume.write_mask(gathered, 10)[gathered.pixel_material == thin].any()
    volume.scatter(gathered, painting)
    assert not volume.gather(camera, SIZE).colours[gathered.pixel_material == thin, 3].any()
    volume.erase()
    gathered = replace(gathered, revision=volume.revision)
    every = np.unique(gathered.pixel_material)
    inside = np.zeros(gathered.pixel_material.shape, bool)
    inside[8:-8, 8:-8] = True
    assert (
        volume.write_mask(gathered, 10, shown_materials=every)[inside & (gathered.pixel_material == thin)].mean() > 0.99
    )
    volume.scatter(gathered, replace(painting, shown_materials=every))
    again = volume.gather(camera, SIZE)
    assert (again.colours[inside & (gathered.pixel_material == thin), 3] == 255).mean() > 0.99
    for number, page in volume.snapshot().pages.items():
        owner = charts.owner_map(number)
        mine = (page["state"][..., STEPS] > 0) & (owner >= 0) & (charts.material[owner] == thin)
        assert (page["state"][mine, FROZEN] == EDGE_CONTAMINATED).all()


def test_no_slivers_are_left_between_the_latent_pixels(volume, camera):
    volume.scatter(volume.gather(camera, SIZE), dreamed(camera))
    shown = volume.gather(camera, SIZE).colours[8:-8, 8:-8, 3] > 0  # without the rim
    assert shown.mean() > 0.99


def test_latents_alone_are_the_same_latents(volume, charts, ctx, camera):
    other = LatentVolume(ctx, charts, volume.channels, volume.seed)
    with_colours, without = volume.gather(camera, SIZE), other.gather(camera, SIZE, colours=False)
    assert (with_colours.density == without.density).all() and (with_colours.noise == without.noise).all()
    assert volume.scatter(with_colours, dreamed(camera)) == other.scatter(without, dreamed(camera), colours=False)
    ours, theirs = volume.snapshot().pages, other.snapshot().pages
    for number in ours:
        assert (ours[number]["latents"] == theirs[number]["latents"]).all()
        assert (ours[number]["state"] == theirs[number]["state"]).all()
        assert not theirs[number]["colour"].any()
    other.release()


def test_what_a_dream_only_remembers_stays_as_it_is(volume, charts):
    """Painted texels whose latent pixel was kept take nothing, however much closer the view; what is bare there is painted."""
    volume.scatter(volume.gather(CAMERAS["above"], SIZE), dreamed(CAMERAS["above"]))
    before = volume.snapshot().pages
    gathered = volume.gather(CAMERAS["street"], SIZE)
    kept = np.zeros(gathered.chart.shape, bool)
    kept[:, : kept.shape[1] // 2] = True
    painting = replace(dreamed(CAMERAS["street"], seed=1, steps=20), kept_mask=kept)
    volume.scatter(gathered, painting)
    ours, theirs = volume.snapshot().pages, reference.scatter(before, charts, painting, 2)
    took = {number: ours[number]["state"][..., REVISION] == 2 for number in ours}
    should = {number: theirs[number]["state"][..., REVISION] == 2 for number in theirs}
    agree = sum(int((took[n] & should[n]).sum()) for n in ours), sum(int((took[n] | should[n]).sum()) for n in ours)
    assert agree[0] > 0.98 * agree[1] > 0
    again = volume.gather(CAMERAS["street"], SIZE)
    painted = (gathered.steps > 0) & policy.claimable_mask(gathered)
    assert (again.steps[painted & kept] == 10).all() and again.edge_contaminated[
        gathered.edge_contaminated & kept
    ].mean() > 0.9
    assert ((painted | gathered.edge_contaminated) & kept).sum() > 20
    assert (again.steps[painted & ~kept] == 20).any()
    assert (
        again.steps[kept & ~painted & ~gathered.edge_contaminated & policy.claimable_mask(gathered)] > 0
    ).mean() > 0.9


def test_which_pixels_take_a_painting_is_known_before_it_is_dreamed(volume, charts):
    volume.scatter(volume.gather(CAMERAS["above"], SIZE), dreamed(CAMERAS["above"]))
    camera = CAMERAS["street"]
    gathered = volume.gather(camera, SIZE)
    kept = policy.change_map(gathered, 10) == 0
    taken = volume.write_mask(gathered, 10, kept)
    volume.scatter(gathered, replace(dreamed(camera, seed=1), kept_mask=kept))
    view = reference.picture(charts, camera, SIZE)
    i, j = reference.texels(charts, view.chart, view.u, view.v)
    page, row, column = charts.page[view.chart], charts.y[view.chart] + j, charts.x[view.chart] + i
    changed = np.zeros(taken.shape, bool)
    for number, stored in volume.snapshot().pages.items():
        here = page == number
        changed[here] = stored["state"][row[here], column[here], REVISION] == volume.revision
    assert 0.1 < taken.mean() < 0.9
    assert (taken == changed).mean() > 0.99
    cells = (~kept).repeat(8, 0).repeat(8, 1)
    assert (taken != cells).mean() > 0.01  # texels are decided one by one, not latent pixel by latent pixel
    assert not volume.write_mask(volume.gather(camera, SIZE), 10, kept).any()


def test_no_framebuffer_is_released_while_it_is_bound(ctx, charts, volume):
    """A page that nothing was painted on goes again, and the next one is made: moderngl would bind the dead one in between."""
    _ = ctx.error  # of tests before this one
    gathered = volume.gather(CAMERAS["above"], SIZE)
    pages = np.unique(charts.page)
    nowhere = {int(number): np.zeros((PAGE, PAGE), bool) for number in pages}
    assert volume.scatter(gathered, dreamed(CAMERAS["above"]), only_texels=nowhere) == 0
    volume.scatter(gathered, dreamed(CAMERAS["above"]))
    assert ctx.error == "GL_NO_ERROR"
    volume.erase()
    volume.scatter(gathered, dreamed(CAMERAS["above"]))
    assert ctx.error == "GL_NO_ERROR"
    for side in range(8, 128, 8):  # more sizes than are kept
        volume.gather(CAMERAS["above"], (side, side))
    assert ctx.error == "GL_NO_ERROR"
