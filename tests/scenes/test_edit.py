"""Edits of a scene: what was meant changes, nothing else does, and what no file may say is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.errors import InputError
from scenes import edit, edit_map
from scenes.blank import make_blank_scene
from scenes.extrude import extrude_scene
from scenes.load import load_scene, save_scene
from scenes.report import find_problems
from scenes.scene import EMPTY, NO_COLOUR, Background, Material, Scene


def scene(numbers=None) -> Scene:
    materials = (
        Material("grass", (0, 255, 0), "a meadow", 0.5, (0, 200, 0)),
        Material("wall", (255, 0, 0), "bricks", 2.0, (200, 0, 0), material_over="roof"),
        Material("roof", NO_COLOUR, "thatch", 3.0, (90, 60, 30)),
    )
    plan = np.ones((6, 8), np.uint8) if numbers is None else np.asarray(numbers, np.uint8)
    return Scene("plot", plan, materials, Background("sky"), voxels_per_block=2, floor="grass")


def test_a_click_with_the_smallest_brush_is_one_block_and_leaves_the_old_scene_alone():
    before = scene()
    after = edit_map.paint_stroke(before, (3.2, 1.9), (3.2, 1.9), 1, 2)
    assert np.argwhere(after.map != before.map).tolist() == [[1, 3]]
    assert (before.map == 1).all()
    assert edit_map.pick_value(after, (3.9, 1.0)) == 2


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_a_brush_is_as_wide_as_it_says(size):
    wide = scene(np.ones((15, 15)))
    rows, columns = np.nonzero(edit_map.paint_stroke(wide, (7.3, 7.3), (7.3, 7.3), size, 0).map == 0)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (size, size)


@given(
    start=st.tuples(st.floats(-3, 11), st.floats(-3, 9)),
    end=st.tuples(st.floats(-3, 11), st.floats(-3, 9)),
    size=st.integers(1, 4),
)
def test_a_stroke_is_the_union_of_brushes_on_its_way_and_never_leaves_the_map(start, end, size):
    before = scene()
    after = edit_map.paint_stroke(before, start, end, size, 2)
    assert after.map.shape == before.map.shape and set(np.unique(after.map)) <= {1, 2}
    for place in (start, end):
        dab = edit_map.paint_stroke(before, place, place, size, 2).map == 2
        assert (after.map[dab] == 2).all()
    assert np.array_equal(edit_map.paint_stroke(before, end, start, size, 2).map, after.map)


def test_a_fast_stroke_has_no_gaps():
    painted = edit_map.paint_stroke(scene(), (0.5, 0.5), (7.5, 5.5), 1, 2).map == 2
    rows, columns = np.nonzero(painted)
    assert set(columns) == set(range(8)) and set(rows) == set(range(6))


def test_painting_a_material_that_never_stood_on_the_map_gives_it_a_colour_so_that_it_can_be_saved(tmp_path):
    after = edit_map.paint_stroke(scene(), (2, 2), (2, 2), 1, 3)
    assert after.materials[2].source != NO_COLOUR
    assert after.materials[2].source not in {m.source for m in after.materials[:2]}
    save_scene(after, tmp_path / "plot")
    assert np.array_equal(load_scene(tmp_path / "plot").map, after.map)


def brute(area: np.ndarray, z: int, x: int) -> np.ndarray:
    found, todo = np.zeros(area.shape, bool), [(z, x)]
    while todo:
        z, x = todo.pop()
        if 0 <= z < area.shape[0] and 0 <= x < area.shape[1] and area[z, x] and not found[z, x]:
            found[z, x] = True
            todo += [(z + 1, x), (z - 1, x), (z, x + 1), (z, x - 1)]
    return found


@given(seed=st.integers(0, 10_000), share=st.floats(0.3, 0.9))
def test_a_flood_reaches_what_hangs_together(seed, share):
    rng = np.random.default_rng(seed)
    area = rng.random((9, 13)) < share
    z, x = rng.integers(9), rng.integers(13)
    area[z, x] = True
    assert np.array_equal(edit_map.find_connected_area(area, z, x), brute(area, z, x))


def test_a_fill_stops_at_other_colours_and_outside_is_nothing():
    plan = np.ones((6, 8))
    plan[:, 4] = 2
    before = scene(plan)
    after = edit_map.fill_area(before, (0.5, 0.5), EMPTY)
    assert (after.map[:, :4] == 0).all() and np.array_equal(after.map[:, 4:], before.map[:, 4:])
    assert edit_map.fill_area(before, (-1, 2), 2) is before
    assert edit_map.pick_value(before, (8.1, 2)) is None


def test_a_material_is_renamed_with_everything_that_mentions_it():
    after = edit.change_material(edit.change_material(scene(), 2, name="tiles"), 0, name="lawn")
    assert after.materials[1].material_over == "tiles"
    assert after.floor == "lawn"
    assert np.array_equal(extrude_scene(after).solid, extrude_scene(scene()).solid)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"height": -1.0}, "height"),
        ({"height": 0.0, "start_height": 1.0}, "start_height"),
        ({"name": "wall"}, "name"),
        ({"prompt": "  "}, "prompt"),
        ({"opacity": 2.0}, "opacity"),
        ({"material_over": "moss"}, "material_over"),
        ({"material_under": "grass"}, "over or under itself"),
        ({"source": (255, 0, 0)}, "source"),
    ],
)
def test_what_no_file_may_say_is_refused_in_one_sentence(changes, problem):
    with pytest.raises(InputError, match=problem):
        edit.change_material(scene(), 0, **changes)


def test_a_new_material_has_its_own_name_and_colour_and_the_map_shows_the_same_ones():
    before = edit_map.paint_stroke(scene(), (1, 1), (6, 1), 1, 2)
    after = edit.add_material(before, 0)
    assert [m.name for m in after.materials] == ["grass", "grass 2", "wall", "roof"]
    assert len({m.source for m in after.materials} - {NO_COLOUR}) == 3
    assert np.array_equal(before.map == 2, after.map == 3)
    again = edit.remove_material(after, 1)
    assert again == before


def test_a_removed_material_leaves_empty_ground_and_no_mention():
    before = edit_map.paint_stroke(scene(), (1, 1), (6, 1), 1, 2)
    after = edit.remove_material(edit.remove_material(before, 2), 0)
    assert [m.name for m in after.materials] == ["wall"]
    assert after.materials[0].material_over is None and after.floor is None
    assert np.array_equal(after.map, (before.map == 2).astype(np.uint8))
    with pytest.raises(InputError, match="at least one"):
        edit.remove_material(after, 0)


@given(index=st.integers(0, 2), to=st.integers(0, 2))
def test_the_order_of_materials_changes_nothing_that_is_built(index, to):
    before = edit_map.paint_stroke(scene(), (1, 1), (6, 3), 2, 2)
    after = edit.move_material(before, index, to)
    assert after.materials[to] == before.materials[index]
    names = [np.array(["", *(m.name for m in s.materials)])[extrude_scene(s).solid] for s in (before, after)]
    assert np.array_equal(*names)


def test_many_new_materials_all_have_colours_of_their_own():
    grown = scene()
    for _ in range(90):
        grown = edit.add_material(grown, 0)
    sources = [m.source for m in grown.materials if m.source != NO_COLOUR]
    assert len(set(sources)) == len(sources) == 92


def test_the_background_keeps_its_colour_through_a_file(tmp_path):
    after = edit.change_background(scene(), display=(16, 20, 44), prompt="starry sky")
    save_scene(after, tmp_path / "night")
    assert load_scene(tmp_path / "night").background == after.background
    with pytest.raises(InputError, match=r"background\.display"):
        edit.change_background(scene(), display=(300, 0, 0))


def test_materials_are_recognised_by_name_and_by_place_when_renamed():
    before = scene()
    assert edit.match_materials(before, edit.add_material(before, 0)).tolist() == [0, 2, 3]
    assert edit.match_materials(before, edit.remove_material(before, 0)).tolist() == [-1, 0, 1]
    assert edit.match_materials(before, edit.change_material(before, 1, name="bricks")).tolist() == [0, 1, 2]


def test_scenes_are_equal_by_what_they_hold():
    assert scene() == scene()
    assert scene() != edit_map.paint_stroke(scene(), (1, 1), (1, 1), 1, 2)
    assert scene() != edit.change_background(scene(), prompt="fog")


def test_generated_paths_follow_the_blocks_and_the_others_stay(tmp_path):
    before = load_scene("hamlet")
    after = edit.regenerate_paths(edited := edit.change_material(before, 0, height=30.0), extrude_scene(edited))
    assert after.generated == {"orbit", "walk"}
    assert after.paths["orbit"] != before.paths["orbit"] and after.paths["tour"] == before.paths["tour"]
    save_scene(edited, tmp_path / "hamlet")
    again = load_scene(tmp_path / "hamlet")
    assert again.paths["orbit"] == after.paths["orbit"]
    assert sorted(p.stem for p in (tmp_path / "hamlet" / "paths").iterdir()) == ["pond", "tour"]


def test_a_new_scene_is_open_ground_with_materials_to_build_with(tmp_path):
    new = make_blank_scene(24, 16)
    assert edit.validate_scene(new) == new
    new = edit.regenerate_paths(edit_map.paint_stroke(new, (5, 5), (12, 5), 1, 4), extrude_scene(new))
    save_scene(new, tmp_path / "new")
    again = load_scene(tmp_path / "new")
    assert again.hash == new.hash and again.map.shape == (16, 24) and set(again.paths) == {"orbit", "walk"}
    file = tmp_path / "new" / "materials.yaml"
    file.write_text("\n".join(line for line in file.read_text().splitlines() if "voxels_per_block" not in line))
    assert load_scene(tmp_path / "new").hash == new.hash  # as fine as any scene that doesn't say how fine
    for value in range(1, len(new.materials) + 1):
        again = edit_map.paint_stroke(again, (2 * value, 9), (2 * value, 9), 1, value)
    assert find_problems(again, extrude_scene(again)) == []
    with pytest.raises(InputError, match="2 to 1024"):
        make_blank_scene(1, 5000)
