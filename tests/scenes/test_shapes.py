"""Lines, rectangles, ellipses and stamps on a map: against plain rules, block by block."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import binary_erosion

from scenes import edit, edit_map, shapes, stamp
from scenes.blank import make_blank_scene
from scenes.scene import EMPTY, Scene

SHAPE = 20, 28
PLACE = st.tuples(st.integers(-36, 140), st.integers(-36, 120)).map(lambda place: (place[0] / 4, place[1] / 4))
FORMS = ("rectangle", "ellipse")


def whole(area: shapes.Area, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    drawn = np.zeros(shape, bool)
    drawn[area.slices] = area.mask
    return drawn


@given(start=PLACE, end=PLACE)
def test_a_rectangle_is_all_blocks_between_its_corners(start, end):
    drawn = whole(shapes.draw_rectangle(SHAPE, start, end))
    (x0, z0), (x1, z1) = np.floor(start), np.floor(end)
    z, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    expected = (min(x0, x1) <= x) & (x <= max(x0, x1)) & (min(z0, z1) <= z) & (z <= max(z0, z1))
    assert np.array_equal(drawn, expected)


@given(start=PLACE, end=PLACE)
def test_an_ellipse_lies_in_its_rectangle_touches_its_sides_and_is_symmetric(start, end):
    big, move = (64, 64), np.array((20.0, 20.0))
    a, b = np.array(start) + move, np.array(end) + move
    drawn, box = (whole(draw(big, tuple(a), tuple(b)), big) for draw in (shapes.draw_ellipse, shapes.draw_rectangle))
    rows, columns = box.any(axis=1), box.any(axis=0)
    assert not (drawn & ~box).any()
    assert np.array_equal(drawn.any(axis=1), rows) and np.array_equal(drawn.any(axis=0), columns)
    part = drawn[rows][:, columns]
    assert np.array_equal(part, part[::-1]) and np.array_equal(part, part[:, ::-1])


@given(side=st.integers(5, 40))
def test_a_circle_has_a_circles_area(side):
    drawn = whole(shapes.draw_ellipse((64, 64), (3.2, 3.2), (2.5 + side, 2.5 + side)), (64, 64))
    assert drawn.sum() == pytest.approx(np.pi * side**2 / 4, rel=0.15)


@given(form=st.sampled_from(FORMS), start=PLACE, end=PLACE, outline=st.integers(1, 5))
def test_an_outline_is_what_an_erosion_takes_away_also_at_the_maps_edge(form, start, end, outline):
    big = 64, 64
    a, b = (tuple(np.array(place) + 16) for place in (start, end))
    filled = whole(shapes.DRAW[form](big, a, b, 0), big)
    expected = filled & ~binary_erosion(filled, iterations=outline)
    assert np.array_equal(whole(shapes.DRAW[form](big, a, b, outline), big), expected)
    assert np.array_equal(
        whole(shapes.DRAW[form](SHAPE, start, end, outline)), expected[16 : 16 + SHAPE[0], 16 : 16 + SHAPE[1]]
    )


@given(form=st.sampled_from(tuple(shapes.DRAW)), start=PLACE, end=PLACE, size=st.integers(1, 4))
def test_a_form_does_not_depend_on_where_one_begins(form, start, end, size):
    one, other = (whole(shapes.DRAW[form](SHAPE, a, b, size)) for a, b in ((start, end), (end, start)))
    assert np.array_equal(one, other)


@given(start=PLACE, end=PLACE)
def test_constrained_lines_have_eight_directions_and_forms_are_square(start, end):
    way = np.floor(shapes.constrain("line", start, end)) - np.floor(start)
    assert 0 in way or abs(way[0]) == abs(way[1])
    for form in FORMS:
        way = np.floor(shapes.constrain(form, start, end)) - np.floor(start)
        assert abs(way[0]) == abs(way[1]) == abs(np.floor(end) - np.floor(start)).max()


def scene(seed: int = 0) -> Scene:
    blank = make_blank_scene(9, 7)
    return edit_map.paint_area(
        blank,
        shapes.draw_rectangle((7, 9), (0, 0), (8, 6)),
        np.random.default_rng(seed).integers(0, 9, (7, 9), np.uint8),
    )


@given(seed=st.integers(0, 99), start=PLACE, end=PLACE)
def test_a_stamp_laid_where_it_was_copied_changes_nothing(seed, start, end):
    before = scene(seed)
    copied = stamp.copy_region(before, start, end)
    if copied is None:
        assert not shapes.draw_rectangle(before.map.shape, start, end).mask.any()
        return
    box = shapes.draw_rectangle(before.map.shape, start, end)
    h, w = box.mask.shape
    area, values = stamp.lay_stamp(before, copied, (box.x + w / 2, box.z + h / 2), ground=True)
    assert (area.x, area.z) == (box.x, box.z) and area.mask.all() and area.mask.shape == (h, w)
    assert np.array_equal(values, before.map[area.slices]) and edit_map.paint_area(before, area, values) is before


@given(place=PLACE, ground=st.booleans())
def test_a_stamp_is_cut_at_the_edges_and_leaves_ground_alone(place, ground):
    before = scene(5)
    copied = stamp.copy_region(before, (1, 1), (4.5, 3.5))
    area, values = stamp.lay_stamp(before, copied, place, ground)
    after = edit_map.paint_area(before, area, values)
    left, top = int(np.floor(place[0] - 1.5)), int(np.floor(place[1] - 1.0))
    for z, x in np.ndindex(before.map.shape):
        inside = 0 <= z - top < 3 and 0 <= x - left < 4
        laid = before.map[1 + z - top, 1 + x - left] if inside else EMPTY
        expected = laid if inside and (ground or laid != EMPTY) else before.map[z, x]
        assert after.map[z, x] == expected


def test_stamps_turn_and_mirror():
    copied = stamp.copy_region(scene(1), (0, 0), (3, 1))
    assert np.array_equal(stamp.turn_stamp(copied).values, np.rot90(copied.values, -1))
    assert stamp.turn_stamp(copied).values[0, -1] == copied.values[0, 0]  # clockwise: the first becomes the top right
    for change in (
        lambda s: stamp.flip_stamp(s, "x"),
        lambda s: stamp.flip_stamp(s, "z"),
        lambda s: stamp.turn_stamp(s, 2),
    ):
        assert np.array_equal(change(change(copied)).values, copied.values)
    assert stamp.flip_stamp(copied, "x").values[0, 0] == copied.values[0, -1]


def test_a_stamp_names_materials_so_that_it_survives_changes_of_the_list():
    before = edit_map.paint_area(make_blank_scene(6, 6), shapes.draw_rectangle((6, 6), (0, 0), (1, 0)), 4)
    before = edit_map.paint_stroke(before, (1, 0), (1, 0), 1, 3)
    copied = stamp.copy_region(before, (0, 0), (1, 0))
    moved = edit.remove_material(edit.move_material(before, 3, 0), 3)  # the wall comes first, the water is gone
    area, values = stamp.lay_stamp(moved, copied, (3, 3))
    assert moved.materials[values[area.mask][0] - 1].name == "wall"
    assert area.mask.tolist() == [[True, False]]
