"""Scenes from folders and files: maps of every kind of PNG, options, round trips, broken input."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from base.errors import InputError
from scenes.load import builtin_folder, load_scene, make_scene, read_pixels, save_scene
from scenes.materials import read_materials
from scenes.nerfstudio import write_path
from tests.scenes.conftest import material_data, room_pixels, write_scene


def test_a_folder_of_raycast_diffusions_layout(room: Path) -> None:
    scene = load_scene(room)
    assert scene.name == "room" and scene.map.shape == (8, 8) and scene.map.dtype == np.uint8
    assert (scene.floor, scene.ceiling, scene.voxels_per_block) == ("floor", "ceiling", 8)
    assert np.bincount(scene.map.ravel()).tolist() == [34, 28, 2]
    assert scene.notes == ("34 pixels of colour #ffffff are not in materials.yaml: empty ground",)
    assert set(scene.paths) == {"orbit", "walk"}


def test_map_and_materials_by_themselves(room: Path) -> None:
    alone = load_scene("", map=room / "map.png", materials=room / "materials.yaml")
    assert alone.hash == load_scene(room).hash and alone.name == "map"


def test_options_win(room: Path) -> None:
    scene = load_scene(room, voxels_per_block=2, floor="bed", ceiling="wall")
    assert (scene.voxels_per_block, scene.floor, scene.ceiling) == (2, "bed", "wall")
    assert scene.hash != load_scene(room).hash


def test_round_trip(room: Path, tmp_path: Path) -> None:
    scene = load_scene(room)
    save_scene(scene, tmp_path / "again" / "room")
    again = load_scene(tmp_path / "again" / "room")
    assert again.hash == scene.hash and again.materials == scene.materials and again.background == scene.background
    assert again.paths == scene.paths and (again.floor, again.ceiling) == (scene.floor, scene.ceiling)
    assert again.notes == ()  # transparent pixels are meant to be empty
    assert not (tmp_path / "again" / "room" / "paths").exists()  # generated paths are not stored


def test_stored_paths_are_loaded_and_win_over_generated_ones(room: Path, tmp_path: Path) -> None:
    orbit = load_scene(room).paths["orbit"]
    write_path(orbit, room / "paths" / "walk.json")
    write_path(orbit, room / "paths" / "mine.json")
    scene = load_scene(room)
    assert set(scene.paths) == {"orbit", "walk", "mine"} and scene.paths["walk"].seconds == orbit.seconds
    save_scene(scene, tmp_path / "copy")
    assert {f.name for f in (tmp_path / "copy" / "paths").iterdir()} == {"walk.json", "mine.json"}


def test_a_material_without_colour_cannot_be_saved_on_the_map(room: Path, tmp_path: Path) -> None:
    scene = load_scene(room)
    scene.map[3, 3] = 3  # the floor, whose source is never on a map
    with pytest.raises(InputError, match="floor stands on the map but has no colour"):
        save_scene(scene, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


MODES = {
    "RGB": lambda p: p,
    "RGBA": lambda p: p.convert("RGBA"),
    "palette": lambda p: p.convert("P", palette=Image.Palette.ADAPTIVE),
}


@pytest.mark.parametrize("mode", MODES)
def test_png_modes_mean_the_same(mode: str, room: Path) -> None:
    expected = load_scene(room).map
    MODES[mode](Image.fromarray(room_pixels())).save(room / "map.png")
    np.testing.assert_array_equal(load_scene(room).map, expected)


@pytest.mark.parametrize("bits", [1, 8, 16])
def test_grey_maps(bits: int, room: Path) -> None:
    wall = (room_pixels() == 0).all(axis=2)
    grey = {1: ~wall, 8: np.where(wall, 0, 255).astype(np.uint8), 16: np.where(wall, 0, 65535).astype(np.uint16)}
    Image.fromarray(grey[bits]).save(room / "map.png")
    scene = load_scene(room)
    np.testing.assert_array_equal(scene.map == 1, wall)
    assert "36 pixels of colour #ffffff" in scene.notes[0]


def test_transparent_pixels_are_empty_without_a_note(room: Path) -> None:
    pixels = np.dstack([room_pixels(), np.full((8, 8), 255, np.uint8)])
    pixels[(pixels[..., :3] == 255).all(axis=2), 3] = 0
    Image.fromarray(pixels).save(room / "map.png")
    scene = load_scene(room)
    assert scene.notes == () and (scene.map == 0).sum() == 34


def test_several_unlisted_colours_are_one_note(tmp_path: Path) -> None:
    pixels = room_pixels()
    pixels[4, 4] = (1, 2, 3)
    notes = load_scene(write_scene(tmp_path / "s", material_data(), pixels)).notes
    assert notes == ("34 pixels of 2 colours (#ffffff the most) are not in materials.yaml: empty ground",)


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:60])


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[45] ^= 0xFF
    file.write_bytes(bytes(data))


MAPS = {
    "missing": (Path.unlink, "does not exist"),
    "a text": (lambda f: f.write_text("hello"), "is not a PNG"),
    "empty": (lambda f: f.write_bytes(b""), "is not a PNG"),
    "truncated": (truncate, "is a broken picture"),
    "bit rot": (flip, "is a broken picture"),
    "a JPEG": (lambda f: Image.new("RGB", (8, 8)).save(f, format="JPEG"), "is not a PNG"),
    "one pixel": (lambda f: Image.new("RGB", (1, 1)).save(f), "2 to 1024"),
    "5000×5000": (lambda f: Image.new("1", (5000, 5000)).save(f), "5000×5000 pixels; allowed are 2 to 1024"),
    "a folder": (lambda f: (f.unlink(), f.mkdir()), "is a folder; it must be a map"),
}


@pytest.mark.parametrize("name", MAPS)
def test_a_broken_map_is_named(name: str, room: Path) -> None:
    spoil, problem = MAPS[name]
    spoil(room / "map.png")
    with pytest.raises(InputError, match=problem) as caught:
        load_scene(room)
    assert caught.value.where == str((room / "map.png").resolve()) and "\n" not in str(caught.value)


REFERENCES = {
    "unknown name": ({"ref": "atlantis"}, "neither a built-in scene"),
    "voxels": ({"voxels_per_block": 0}, "1 to 16"),
    "floor": ({"floor": "wal"}, "'wall'"),
    "ceiling": ({"ceiling": "nothing at all"}, "known are wall"),
}


@pytest.mark.parametrize("name", REFERENCES)
def test_a_bad_option_is_named(name: str, room: Path) -> None:
    options, problem = REFERENCES[name]
    with pytest.raises(InputError, match=problem):
        load_scene(**{"ref": room, **options})


def test_what_is_no_camera_path_in_the_folder_is_left_out_with_a_note(room: Path) -> None:
    load_scene(room)
    (room / "paths").mkdir(exist_ok=True)
    good = {"keyframes": [{"matrix": np.eye(4).ravel().tolist(), "fov": 60}] * 2}
    (room / "paths" / "tour.JSON").write_text(json.dumps(good), encoding="utf-8-sig")
    (room / "paths" / "._tour.json").write_bytes(b"\0\5\x16\7")
    (room / "paths" / "transforms.json").write_text('{"frames": []}')
    scene = load_scene(room)
    assert "tour" in scene.paths
    assert "paths/._tour.json is a hidden file and was left out" in scene.notes
    assert "paths/transforms.json is no camera path and was left out" in scene.notes
    (room / "paths" / "tour.json").write_text(json.dumps(good))
    with pytest.raises(InputError, match="second path called tour"):
        load_scene(room)


@pytest.mark.parametrize("name", ["0o17", "1e3", "yes", "010", "<<", "\x1b[1m", "🧱", "a\x85b"])
def test_a_material_of_any_name_survives_its_file(name: str, room: Path, tmp_path: Path) -> None:
    scene = load_scene(room)
    odd = dataclasses.replace(scene.materials[0], name=name, prompt=name)
    odd = dataclasses.replace(scene, materials=(odd, *scene.materials[1:]), floor=None, ceiling=None)
    save_scene(odd, tmp_path / "saved")
    assert load_scene(tmp_path / "saved").materials[0] == odd.materials[0]


def test_a_folder_of_paths_that_cannot_be_read_is_a_note(room: Path) -> None:
    load_scene(room)
    (room / "paths").write_text("no folder")
    assert load_scene(room).notes[-1] == "paths can't be read (Not a directory) and was left out"


def test_a_scene_of_pixels_and_materials_is_that_of_their_files() -> None:
    folder = builtin_folder("hamlet")
    file, pixels = read_materials(folder / "materials.yaml"), read_pixels(folder / "map.png")
    made = make_scene(pixels, file, "hamlet")
    stored = load_scene(map=folder / "map.png", materials=folder / "materials.yaml")
    assert made == dataclasses.replace(stored, name="hamlet")
    with pytest.raises(InputError, match="is 1×1 pixels; a map has 2 to 1024 a side"):
        make_scene(pixels[:1, :1], file)
