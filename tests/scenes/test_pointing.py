"""Pointing: one ray finds what the caster of whole pictures finds; and what placing and removing would change."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenes import building, edit_map, pointing
from scenes.blank import make_blank_scene
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from scenes.load import load_scene
from scenes.raycast import cast_rays
from scenes.scene import EMPTY, SKY

HAMLET = load_scene("hamlet")
BLOCKS = extrude_scene(HAMLET)


@settings(max_examples=60, deadline=None)
@given(
    position=st.tuples(st.integers(-60, 460), st.integers(-10, 90), st.integers(-60, 460)),
    yaw=st.integers(-1800, 1800),
    pitch=st.integers(-850, 850),
)
def test_a_ray_finds_what_the_caster_of_pictures_finds(position, yaw, pitch):
    camera = Camera.from_angles(tuple(c / 10 + 0.0371 for c in position), yaw / 10 + 0.01, pitch / 10 + 0.01, 70.0)
    size = 7, 5
    hits = cast_rays(BLOCKS, camera, size)
    for row, column in np.ndindex(5, 7):
        place = (column + 0.5) / 7, (row + 0.5) / 5
        found = pointing.find_surface(BLOCKS, camera.position, pointing.aim(camera, 7 / 5, place))
        if hits.side[row, column] < 0:
            assert found is None
            continue
        assert found is not None and found.side == hits.side[row, column]
        np.testing.assert_allclose(found.point, hits.point[row, column], atol=1e-6)
        voxels = hits.point[row, column] * BLOCKS.voxels_per_block
        on_an_edge = np.abs(voxels - np.round(voxels)) < 1e-6
        assert (np.equal(found.voxel, hits.voxel[row, column]) | on_an_edge).all()


def test_the_sky_is_no_surface():
    assert pointing.find_surface(BLOCKS, (20.0, 5.0, 20.0), (0.0, 1.0, 0.0)) is None
    assert pointing.find_surface(BLOCKS, (-5.0, 2.0, 3.0), (0.0, -1.0, 0.0)) is None
    up = Camera.from_angles((20.0, 5.0, 20.0), 0.0, 80.0)
    assert pointing.material_at(HAMLET, BLOCKS, up, 1.0, (0.5, 0.5)) == SKY


def test_the_material_at_a_place_is_that_of_the_picture() -> None:
    scene = load_scene("hamlet")
    blocks = extrude_scene(scene)
    camera = scene.paths["tour"].keyframes[0].camera
    width, height = 24, 14
    hits = cast_rays(blocks, camera, (width, height))
    picture = np.where(hits.side >= 0, blocks.find_material(hits.voxel), SKY)
    places = [((x + 0.5) / width, (y + 0.5) / height) for y in range(height) for x in range(0, width, 5)]
    found = [pointing.material_at(scene, blocks, camera, width / height, place) for place in places]
    assert found == picture[:, ::5].ravel().tolist()
    assert len(set(found)) > 4


@given(x=st.floats(-9, 9), y=st.floats(-9, 9), z=st.floats(-9, 9), depth=st.floats(0.1, 9))
def test_heights_and_planes_are_met_where_the_ray_goes(x, y, z, depth):
    ray = (x or 1.0, y or 1.0, z or 1.0)
    origin = (3.0, 2.0, -1.0)
    end = [o + depth * r for o, r in zip(origin, ray, strict=True)]
    if np.hypot(ray[0], ray[2]) > 1e-3:
        assert pointing.find_height(origin, ray, end[0], end[2]) == pytest.approx(end[1], abs=1e-6)
        assert pointing.find_height(origin, ray, 2 * origin[0] - end[0], 2 * origin[2] - end[2]) is None
    if abs(ray[1]) > 1e-3:
        assert pointing.find_on_plane(origin, ray, end[1]) == pytest.approx((end[0], end[2]), abs=1e-6)
    assert pointing.find_on_plane(origin, (1.0, 0.0, 0.0), 5.0) is None


WALL = 4


def target(scene, origin, ray, tool, value=EMPTY):
    surface = pointing.find_surface(extrude_scene(scene), origin, ray)
    return building.find_target(scene, surface, tool, value)


def test_blocks_are_placed_beside_walls_and_on_the_ground_and_never_outside_the_map():
    scene = edit_map.paint_stroke(make_blank_scene(8, 8), (4, 4), (4, 4), 1, WALL)
    east, above = ((7.9, 1.0, 4.5), (-1.0, 0.0, 0.0)), ((4.5, 9.0, 4.5), (0.0, -1.0, 0.0))
    assert target(scene, *east, "place", WALL) == building.Target(5, 4, 0.0, 3.0)
    assert target(scene, *east, "remove") == building.Target(4, 4, 0.0, 3.0)
    assert target(scene, *above, "place", WALL) is None  # it stands there already
    assert target(scene, *above, "place", 6) == building.Target(4, 4, 0.0, 1.5)
    ground = (1.2, 5.0, 1.2), (0.0, -1.0, 0.0)
    assert target(scene, *ground, "place", WALL) == building.Target(1, 1, 0.0, 3.0)
    assert target(scene, *ground, "remove") is None
    assert target(scene, *ground, "raise") == building.Target(1, 1, 0.0, 0.5)
    edge = edit_map.paint_stroke(scene, (0, 4), (0, 4), 1, WALL)
    assert target(edge, (-3.0, 1.0, 4.5), (1.0, 0.0, 0.0), "place", 6) is None
    assert building.mark_block(scene, 4, 5)[5, 4] and building.mark_block(scene, 4, 5).sum() == 1
