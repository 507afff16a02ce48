"""MagicaVoxel's files: axes, the scene graph, palettes, and a sentence for whatever is wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from base.errors import InputError
from scenes.extrude import extrude_scene
from scenes.import_vox import import_vox
from scenes.load import load_scene, save_scene
from scenes.scene import EMPTY
from scenes.vox import read_vox
from tests.scenes.vox_files import chunk, group, model, palette, shape, transform, vox


@pytest.fixture
def file(tmp_path: Path):
    """Writes chunks, and returns the file."""

    def write(*chunks: bytes) -> Path:
        (tmp_path / "tower.vox").write_bytes(vox(*chunks))
        return tmp_path / "tower.vox"

    return write


CORNER = model((3, 2, 4), [(0, 0, 0, 1), (2, 0, 0, 2), (0, 1, 0, 3), (0, 0, 3, 4)])


def test_its_z_is_up_and_its_y_leads_away_from_the_viewer(file) -> None:
    colours = read_vox(file(CORNER)).colours
    assert colours.shape == (4, 2, 3)
    assert [colours[0, 1, 0], colours[0, 1, 2], colours[0, 0, 0], colours[3, 1, 0]] == [1, 2, 3, 4]
    assert np.count_nonzero(colours) == 4


def test_palettes_are_by_the_number_of_a_colour(file) -> None:
    read = read_vox(file(CORNER, palette(c1=(10, 20, 30), c255=(1, 2, 3))))
    assert read.palette[1].tolist() == [10, 20, 30, 255] and read.palette[255].tolist() == [1, 2, 3, 255]
    usual = read_vox(file(CORNER)).palette
    assert [usual[i, :3].tolist() for i in (1, 2, 7, 216, 246)] == [
        *([255, 255, 255], [255, 255, 204], [255, 204, 255]),
        *([238, 0, 0], [238, 238, 238]),
    ]


def test_models_stand_where_the_scene_graph_places_them(file) -> None:
    one = model((1, 1, 1), [(0, 0, 0, 7)])
    graph = (
        *(transform(0, 1), group(1, 2, 4), transform(2, 3, _t="-2 0 0"), shape(3, 0)),
        *(transform(4, 5, _t="1 3 2"), shape(5, 0)),
    )
    colours = read_vox(file(one, *graph)).colours
    assert colours.shape == (3, 4, 4)
    assert colours[0, 3, 0] == colours[2, 0, 3] == 7


def test_a_turned_model_keeps_its_voxels(file) -> None:
    bar = model((3, 1, 1), [(0, 0, 0, 1), (1, 0, 0, 2), (2, 0, 0, 3)])
    quarter = str(1 | 0 << 2 | 1 << 4)  # x becomes y, y becomes −x: rows (0 −1 0), (1 0 0), (0 0 1)
    colours = read_vox(file(bar, transform(0, 1, _r=quarter), shape(1, 0))).colours
    assert colours[0, :, 0].tolist() == [3, 2, 1]  # along y, which leads away from the viewer


@pytest.mark.parametrize(
    ("chunks", "problem"),
    [
        ((), "has no voxels"),
        ((model((2, 2, 2), []),), "has no voxels"),
        ((model((300, 1, 1), [(0, 0, 0, 1)]),), "a model of 300×1×1 voxels; allowed are 1 to 256"),
        ((model((0, 1, 1), []),), "allowed are 1 to 256"),
        ((model((2, 2, 2), [(2, 0, 0, 1)]),), "voxels outside of their model"),
        ((chunk(b"SIZE", b"abc"),), "is damaged"),
        ((chunk(b"SIZE", b"\1\0\0\0" * 3), chunk(b"XYZI", b"\xff\xff\xff\x7f")), "is damaged"),
        ((CORNER, chunk(b"RGBA", bytes(100))), "is damaged"),
        ((CORNER, transform(0, 1, _r="15"), shape(1, 0)), "is damaged"),
        ((CORNER, transform(0, 9)), "is damaged"),
        ((CORNER, transform(0, 1), group(1, 0, 0)), "shows more than"),
        ((CORNER, transform(0, 1), group(1, *[1] * 2000)), "shows more than"),
        ((model((1, 1, 1), [(0, 0, 0, 1)] * 20_000), transform(0, 1), group(1, *[2] * 1000), shape(2, 0)), "million voxels"),
        ((CORNER, transform(0, 1, _t="9999999 0 0"), shape(1, 0)), "is damaged"),
        ((CORNER, transform(0, 1), group(1, 2, 4), transform(2, 3), shape(3, 0), transform(4, 5, _t="600 0 0"), shape(5, 0)),
         "allowed are 512 a side"),
        ((CORNER, transform(0, 1), shape(1, 5)), "is damaged"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_sentence(file, chunks: tuple[bytes, ...], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        read_vox(file(*chunks))


def test_no_model_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.vox").write_bytes(b"PNG and so on")
    with pytest.raises(InputError, match="is not a MagicaVoxel model"):
        read_vox(tmp_path / "a.vox")
    (tmp_path / "a.vox").write_bytes(vox(CORNER)[:-5])
    with pytest.raises(InputError, match="is damaged"):
        read_vox(tmp_path / "a.vox")


def test_a_model_becomes_a_scene_and_comes_back_from_its_files(file, tmp_path: Path) -> None:
    path = file(CORNER, palette(c1=(160, 70, 55), c2=(160, 70, 55), c3=(70, 130, 200), c4=(241, 240, 245)))
    scene = import_vox(path, 1, "green grass")
    assert [m.name for m in scene.materials] == ["ground", "brick", "brick_2", "water", "snow"]
    assert len({m.source for m in scene.materials}) == 5 and scene.map.shape == (4, 5)
    blocks, n = extrude_scene(scene), scene.voxels_per_block
    assert blocks.size == (5.0, 4.0, 4.0)
    column = blocks.solid[:, 2, 1]
    assert column.tolist() == [2] * n + [0] * (2 * n) + [5] * n
    assert blocks.solid[:, 0, 0].tolist()[: n // 2 + 1] == [1] * (n // 2) + [0]
    save_scene(scene, tmp_path / "scene")
    back = load_scene(tmp_path / "scene")
    assert back.hash == scene.hash and not back.notes
    assert np.array_equal(back.layers, scene.layers) and back.materials == scene.materials


def test_without_words_the_ground_is_open(file) -> None:
    scene = import_vox(file(CORNER), 0, "")
    assert "ground" not in [m.name for m in scene.materials]
    assert scene.floor is None and (extrude_scene(scene).solid[:, 0, 1] == EMPTY).all()
