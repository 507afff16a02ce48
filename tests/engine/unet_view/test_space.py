"""Where a U-Net's blocks stand, what flows between them and when, and how one looks at it."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest

from engine.unet_view.flow import STREAM, Stream, active_block, call_progress
from engine.unet_view.labels import Label, label_corner, place_labels
from engine.unet_view.layout import lay_out
from engine.unet_view.orbit import Orbit, find_block_at, project_points
from tests.engine.unet_view.network import PLAN, network

SIZES = (340, 230), (900, 400), (300, 700)
ORBITS = Orbit(), Orbit(40, 50), Orbit(-150, -20), Orbit(80, 0)


@pytest.fixture(scope="module")
def anatomy():
    return lay_out(network())


def test_blocks_go_down_and_up_and_none_hides_another(anatomy) -> None:
    slabs = anatomy.slabs
    for a, b in combinations(slabs, 2):
        apart = abs(a.place - b.place)[:2] - np.array([a.width + b.width, a.height + b.height]) / 2
        assert apart.max() > 0
    assert all(a.place[0] < b.place[0] for a, b in pairwise(slabs))
    down, up = [slab.place[1] for slab in slabs[:4]], [slab.place[1] for slab in slabs[3:]]
    assert down == sorted(down, reverse=True) and up == sorted(up)


def test_a_slab_is_as_its_block(anatomy) -> None:
    for slab, (_, _, _, channels, (height, width), *_) in zip(anatomy.slabs, PLAN, strict=True):
        assert np.isclose(slab.width / slab.height, width / height)
        assert slab.planes == 1 + round(np.log2(channels))
        corners = slab.corners
        assert np.allclose(corners.max(0) - corners.min(0), (slab.width, slab.height, slab.depth))
    fine, coarse = anatomy.slabs[0], anatomy.slabs[3]
    assert 1 < fine.width / coarse.width < 2


def test_paths_join_what_hands_over_to_what_when_it_does(anatomy) -> None:
    kinds = {kind: [path for path in anatomy.paths if path.kind == kind] for kind in ("flow", "bridge", "words")}
    assert [path.block for path in kinds["flow"]] == [*range(7), 6]
    assert [path.block for path in kinds["bridge"]] == [1, 2]
    assert [path.block for path in kinds["words"]] == [i for i, row in enumerate(PLAN) if row[5]]
    seconds = [row[6] for row in PLAN]
    assert np.allclose([path.end - path.start for path in kinds["flow"][:-1]], seconds)
    outer = kinds["bridge"][0]
    assert np.isclose(outer.start, sum(seconds[:2])) and np.isclose(outer.end, sum(seconds[:5]))
    assert outer.points[:, 1].max() > max(outer.points[0, 1], outer.points[-1, 1])
    for path in anatomy.paths:
        steps = np.linalg.norm(np.diff(path.points, axis=0), axis=1)
        assert np.allclose(steps, steps.mean(), rtol=0.05)
        assert 0 <= path.start < path.end <= 1 + 1e-9 and 0 <= path.energy <= 1


def test_drops_are_where_the_time_is_spent(anatomy) -> None:
    stream = Stream.of(anatomy)
    ends, bright, where = stream.place_drops(0.303)
    for i, path in enumerate(anatomy.paths):
        on = where == i
        assert abs(on.sum() - STREAM * (path.end - path.start)) < 1.001
        for head in ends[on, 0]:
            assert np.linalg.norm(path.points - head, axis=1).min() < path.length / 40
        assert (bright[on] <= 0.5 + 0.5 * path.energy + 1e-9).all()
    assert [active_block(anatomy, t) for t in (0.0, 0.3, 0.999, 1.0)] == [0, 2, 6, 6]
    assert call_progress(0.0) == 0.0 and 0 <= call_progress(1e6) < 1


def test_drops_get_nearer_to_their_end(anatomy) -> None:
    stream, path = Stream.of(anatomy), anatomy.paths[5]  # where most time goes
    before, after = (stream.place_drops(t) for t in (0.303, 0.304))
    ways = [np.sort(np.linalg.norm(ends[where == 5, 0] - path.points[0], axis=1)) for ends, _, where in (before, after)]
    assert len(ways[0]) == len(ways[1]) > 5 and (ways[1] > ways[0]).all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("orbit", ORBITS)
def test_everything_is_seen_and_fills_the_picture(anatomy, orbit, size) -> None:
    spots = project_points(orbit.camera(anatomy, size), size, anatomy.points)
    assert (spots[:, :2] >= 0).all() and (spots[:, :2] <= size).all()
    assert (np.ptp(spots[:, :2], axis=0) / size).max() > 0.8


@pytest.mark.parametrize("orbit", ORBITS[:3])
def test_what_is_under_the_pointer_is_found(anatomy, orbit) -> None:
    size = SIZES[1]
    camera = orbit.camera(anatomy, size)
    places = project_points(
        camera, size, np.array([slab.point(0, 0, np.sign(np.cos(np.radians(orbit.yaw)))) for slab in anatomy.slabs])
    )
    found = [find_block_at(anatomy, camera, size, (x, y)) for x, y, _ in places]
    assert sum(i == block for i, block in enumerate(found)) >= 6  # one may stand before another
    assert find_block_at(anatomy, camera, size, (2.0, 2.0)) is None


def test_the_wheel_keeps_what_it_points_at(anatomy) -> None:
    size, before = SIZES[0], Orbit()
    camera = before.camera(anatomy, size)
    at = tuple(project_points(camera, size, anatomy.slabs[5].place[None])[0, :2])
    after = before.zoom_towards(6, anatomy, size, at)
    assert after.zoom < 0.6
    there = project_points(after.camera(anatomy, size), size, anatomy.slabs[5].place[None])[0]
    assert np.linalg.norm(there[:2] - at) < 25
    assert (
        before.zoom_towards(1000, anatomy, size, at).zoom > 0.1
        and before.zoom_towards(-1000, anatomy, size, at).zoom < 3
    )
    assert before.turn(100, 1000).pitch < 90 and before.turn(10000, 0).yaw <= 180


def test_labels_stand_outside_of_their_blocks_and_inside_the_picture(anatomy) -> None:
    size = SIZES[1]
    camera = Orbit().camera(anatomy, size)
    few, all_of_them = place_labels(anatomy, camera, size, names=False), place_labels(anatomy, camera, size)
    assert [label.text for label in few] == ["noise", "answer", "the prompt"]
    assert [label.text for label in all_of_them][:3] == ["in (noise)", "down 1", "down 2"]
    sides = ["above", "left", "left", "right", "right", "above", "above", "below"]
    assert [label.side for label in all_of_them] == sides
    behind = place_labels(anatomy, Orbit(180, 0).camera(anatomy, size), size)
    assert [label.side for label in behind[1:5]] == ["right", "right", "left", "left"]
    wide, tall = 60.0, 14.0
    for label in all_of_them[:7]:
        x, y = label_corner(label, wide, tall, size, 4.0)
        corners = project_points(camera, size, anatomy.slabs[label.block].corners)[:, :2]
        (left, top), (right, bottom) = corners.min(0), corners.max(0)
        assert x + wide <= left or x >= right or y + tall <= top or y >= bottom
        assert 0 <= x <= size[0] - wide and 0 <= y <= size[1] - tall
    near = Orbit().zoom_towards(4, anatomy, size, (450.0, 200.0)).camera(anatomy, size)
    assert 0 < len(place_labels(anatomy, near, size)) < 6
    assert label_corner(Label("far out", -500.0, 5000.0, "left"), wide, tall, size, 4.0) == (4.0, size[1] - tall)
