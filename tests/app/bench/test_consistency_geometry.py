"""Points seen from two places: exact geometry of a small scene with a pattern that belongs to its surfaces."""

from __future__ import annotations

import numpy as np
import pytest

from app.bench.consistency import figures
from app.bench.consistency.geometry import match, nearest, raycast_view, texels, warp
from app.bench.consistency.methods import BARE, Shown
from app.loop import measures
from engine.geometry.charts import build_charts
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from scenes.load import load_scene
from scenes.scene import SKY

SIZE = (96, 80)
HERE = Camera.look_at((4.0, 2.2, 7.5), (4.0, 1.0, 2.0), fov=70)
THERE = Camera.look_at((3.2, 2.4, 7.2), (4.2, 1.0, 2.0), fov=70)
BEHIND = Camera.look_at((4.0, 2.2, 0.2), (4.0, 0.5, 1.6), fov=70)
ABOVE = Camera.look_at((4.0, 8.0, 0.5), (4.0, 0.5, 1.5), fov=70)


@pytest.fixture(scope="module")
def scene(tiny_scene):
    return load_scene(tiny_scene)


@pytest.fixture(scope="module")
def blocks(scene):
    return extrude_scene(scene)


def pattern(view) -> np.ndarray:
    """uint8 [H,W,3]: a smooth pattern in world coordinates."""
    x, y, z = np.moveaxis(view.point, -1, 0)
    waves = np.stack([np.sin(1.3 * x + y), np.cos(1.1 * z - y), np.sin(0.9 * (x + z))], -1)
    return np.rint(128 + 90 * waves).astype(np.uint8)


def test_a_pattern_of_the_world_looks_the_same_from_both_places(blocks) -> None:
    a, b = raycast_view(blocks, HERE, SIZE), raycast_view(blocks, THERE, SIZE)
    found = match(a, b)
    assert found.whole.mean() > 0.5
    moved = warp(pattern(b), found)
    assert measures.psnr(measures.squared_error(pattern(a), moved, found.whole)) > 40
    wrong = warp(pattern(b)[:, ::-1], found)
    assert measures.psnr(measures.squared_error(pattern(a), wrong, found.whole)) < 20


def test_a_view_matches_itself_pixel_by_pixel(blocks) -> None:
    a = raycast_view(blocks, HERE, SIZE)
    found = match(a, a)
    assert found.near.all()
    np.testing.assert_allclose(found.coarser, 1)
    np.testing.assert_allclose(warp(pattern(a), found), pattern(a), atol=1e-6)
    np.testing.assert_array_equal(nearest(a.plane, found), a.plane)


def test_what_a_wall_hides_is_not_matched(blocks) -> None:
    a, b = raycast_view(blocks, HERE, SIZE), raycast_view(blocks, BEHIND, SIZE)
    x, _, z = np.moveaxis(b.point, -1, 0)
    hidden = (
        (b.side == 2) & (b.material == 0) & (z > 1) & (z < 1.9) & (x > 3) & (x < 5)
    )  # the wall is between it and HERE
    assert hidden.sum() > 50
    assert not match(b, a).near[hidden].any()
    assert match(b, raycast_view(blocks, ABOVE, SIZE)).near[hidden].all()


def test_walking_up_to_a_wall_makes_its_pixels_finer(blocks) -> None:
    near = HERE.with_changes(position=tuple(np.asarray(HERE.position) + 2.5 * HERE.axes[2]))
    a, b = raycast_view(blocks, HERE, SIZE), raycast_view(blocks, near, SIZE)
    found = match(a, b)
    wall = found.whole & (a.material == 1) & (a.side == 4)
    assert wall.any()
    assert (found.coarser[wall] < 0.8).all()


def test_texels_are_the_charts_under_the_pixels(scene, blocks) -> None:
    charts = build_charts(blocks, scene)
    view = raycast_view(blocks, HERE, SIZE)
    texel = texels(charts, view)
    assert (texel >= 0).all()
    for page in np.unique(texel[..., 0]):
        here = texel[..., 0] == page
        owner = charts.owner_map(int(page))[texel[here][:, 1], texel[here][:, 2]]
        assert (owner >= 0).all()
        np.testing.assert_array_equal(charts.material[owner], view.material[here])
        solid = charts.material[owner] != SKY
        np.testing.assert_array_equal(charts.side[owner][solid], view.side[here][solid])
        i, j = texel[here][:, 2] - charts.x[owner] + 0.5, texel[here][:, 1] - charts.y[owner] + 0.5
        point = charts.points(owner, i, j)
        assert abs(point - view.point[here])[solid].max() <= 0.5 * charts.texel + 1e-6
        sky = view.point[here][~solid]
        away = point[~solid] - sky / abs(sky).max(-1, keepdims=True)
        assert not len(sky) or abs(away).max() <= 0.5 * 2 / 64 + 1e-6


def test_figures_of_a_world_that_keeps_and_of_one_that_does_not(blocks) -> None:
    views = [raycast_view(blocks, camera, SIZE) for camera in (HERE, THERE, HERE)]
    label = np.zeros(SIZE[::-1], np.int64)
    kept = [Shown(pattern(view), label) for view in views]
    assert figures.cross_view(views, kept)["cross_view_psnr"] > 40
    assert figures.cross_view(views, kept)["cross_view_ssim"] > 0.98
    assert figures.revisit(kept[0], kept[2]) == {"revisit_error": 0.0, "revisit_error_kept": 0.0, "kept_share": 1.0}
    darker = [kept[0], Shown(kept[1].picture - 20, label), Shown(kept[2].picture - 20, label)]
    psnr = figures.cross_view(views, darker)["cross_view_psnr"]
    assert psnr == pytest.approx(10 * np.log10(255**2 / 200), abs=0.5)  # one of two pairs differs by 20
    assert figures.revisit(darker[0], darker[2])["revisit_error"] == 20
    bare = [Shown(k.picture, label + BARE) for k in kept]
    assert figures.cross_view(views, bare)["cross_view_psnr"] is None
    assert figures.coverage(bare) == 0
    blurred = [Shown(k.picture // 2 + 64, label) for k in kept]
    fresh = {0: kept[0].picture}
    assert figures.sharpness(views, kept, fresh) == pytest.approx(1)
    assert 0.4 < figures.sharpness(views, blurred, fresh) < 0.75


def test_pairs_are_all_powers_of_two_apart() -> None:
    assert figures.pairs(4) == [(0, 1), (1, 2), (2, 3), (0, 2), (1, 3)]
    assert figures.pairs(2) == [(0, 1)]


def test_means_skip_what_was_not_measured_and_sum_what_was_spent() -> None:
    found = figures.mean([{"drift": 1.0, "seconds": 2.0}, {"drift": None, "seconds": 3.0}, {"seam": 4.0}])
    assert found == {"drift": 1.0, "seconds": 5.0, "seam": 4.0}


def test_a_frontier_where_much_is_going_on_is_no_seam(blocks) -> None:
    """Frontiers at the lines of a pattern: brightness steps there in a fresh picture, too. A new step is a seam wherever it lies."""
    seen = raycast_view(blocks, HERE, SIZE)
    stripes = np.arange(SIZE[0]) // 8
    picture = np.broadcast_to(100 + 60 * (stripes % 2)[None, :, None], (SIZE[1], SIZE[0], 3)).astype(np.uint8)
    picture = picture + (np.arange(SIZE[1]) % 3)[:, None, None].astype(np.uint8)
    label = np.broadcast_to(stripes[None], picture.shape[:2]).astype(np.int64)
    painted = [Shown(picture, label)]
    plain = figures.steps_at_seams([seen], painted)
    assert plain is not None and plain > 10
    assert figures.seams([seen], painted, {0: picture}) == pytest.approx(1)
    brighter = picture + 30 * (stripes % 2).astype(np.uint8)[None, :, None]
    assert figures.seams([seen], [Shown(brighter, label)], {0: picture}) == pytest.approx(1.5, abs=0.05)
    assert figures.seams([seen], painted, {}) is None
    assert figures.seams([seen], [Shown(picture, 0 * label)], {0: picture}) is None
