"""Which texels a view shows: none missed, none through walls, and under a mask only what it marks."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine import reference
from tests.engine.village import CAMERAS

VIEW = (240, 160)


def texels(masks) -> set[tuple[int, int, int]]:
    return {(n, int(y), int(x)) for n, mask in masks.items() for y, x in np.argwhere(mask)}


def looked_at(volume, camera, marked=None) -> set[tuple[int, int, int]]:
    """The texels at the pixels' centres, by another way: a gather with one latent pixel for each pixel of VIEW."""
    gathered = volume.gather(camera, (8 * VIEW[0], 8 * VIEW[1]), colours=False)
    found = gathered.texel if marked is None else gathered.texel[marked]
    return set(map(tuple, found.reshape(-1, 3).tolist()))


def points(charts, found) -> tuple[np.ndarray, np.ndarray]:
    """chart [n] and (i, j) [n,2] of texels."""
    table = np.array(sorted(found))
    owner = {int(n): charts.owner_map(int(n)) for n in np.unique(table[:, 0])}
    chart = np.array([owner[n][y, x] for n, y, x in table.tolist()])
    return chart, np.stack([table[:, 2] - charts.x[chart], table[:, 1] - charts.y[chart]], axis=1)


def test_all_that_a_pixel_shows_is_seen_and_nothing_behind_walls(volume, charts, camera):
    found = texels(volume.find_visible_texels(camera, VIEW))
    pixels = looked_at(volume, camera)
    assert len(pixels - found) <= 0.002 * len(pixels)
    chart, place = points(charts, found)
    assert (chart >= 0).all()
    view = reference.picture(charts, camera, VIEW)
    clear = np.zeros(len(chart), bool)
    for du in (0.05, 0.5, 0.95):
        for dv in (0.05, 0.5, 0.95):
            ray = reference.rays_to(charts, camera, chart, place[:, 0] + du, place[:, 1] + dv)
            x, y, z = reference.project(camera, VIEW, ray)
            inside = (z > 0) & (x >= 0) & (y >= 0) & (x < VIEW[0]) & (y < VIEW[1])
            px, py = np.where(inside, x, 0).astype(int), np.where(inside, y, 0).astype(int)
            nearest = view.depth[py, px] >= np.where(charts.sky[chart], reference.FAR, z) * 0.97
            clear |= inside & (nearest | (view.chart[py, px] == chart))
    assert clear.mean() > 0.99


@pytest.mark.parametrize("radius", [3.0, 25.0])
def test_a_disc_marks_what_lies_under_it(volume, charts, camera, radius):
    y, x = np.mgrid[: VIEW[1], : VIEW[0]] + 0.5
    disc = np.hypot(x - 130, y - 90) < radius
    found = texels(volume.find_visible_texels(camera, VIEW, disc))
    under = looked_at(volume, camera, disc)
    assert len(under - found) <= 0.01 * len(under) + 1
    chart, place = points(charts, found)
    near = np.full(len(chart), np.inf)
    for du, dv in ((0.5, 0.5), (0.05, 0.05), (0.05, 0.95), (0.95, 0.05), (0.95, 0.95)):
        ray = reference.rays_to(charts, camera, chart, place[:, 0] + du, place[:, 1] + dv)
        px, py, _ = reference.project(camera, VIEW, ray)
        near = np.minimum(near, np.hypot(px - 130, py - 90))
    assert (near <= radius + 1.5).all()


def test_an_empty_mask_marks_nothing_and_another_camera_is_another_view(volume):
    assert volume.find_visible_texels(CAMERAS["street"], VIEW, np.zeros(VIEW[::-1])) == {}
    street, above = (texels(volume.find_visible_texels(CAMERAS[name], VIEW)) for name in ("street", "above"))
    assert street != above and texels(volume.find_visible_texels(CAMERAS["street"], VIEW)) == street


def test_two_views_looked_up_by_turns_are_those_looked_up_alone(volume):
    views = [volume.find_visible_texels_slices(CAMERAS[name], VIEW) for name in ("street", "above")]
    alone = [texels(volume.find_visible_texels(CAMERAS[name], VIEW)) for name in ("street", "above")]
    found: dict[int, object] = {}
    while len(found) < 2:
        for k, view in enumerate(views):
            try:
                if k not in found:
                    next(view)
            except StopIteration as end:
                found[k] = texels(end.value)
    assert [found[0], found[1]] == alone
