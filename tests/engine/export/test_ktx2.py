"""KTX 2 textures: what the specifications of KTX 2 and KHR_texture_basisu ask, and that they show what a PNG shows."""

from __future__ import annotations

import io
import struct
import sys

import numpy as np
import pytest
from PIL import Image

from app.__main__ import main
from engine.export.glb import write_glb
from engine.export.ktx2 import encode_ktx2, mip_levels
from tests.engine.export.conftest import quiet
from tests.engine.export.khronos import validate
from tests.engine.export.viewer import Glb

MEAN, MOST = 1.0, 30  # of 255: what compression may change in a picture, on average and anywhere
SMALL = 3  # times as much on average in small levels, where a block of 4×4 pixels shows more different ones
IDENTIFIER = b"\xabKTX 20\xbb\r\n\x1a\n"
UNKNOWN = {  # the validator doesn't know the extension: it errs on nothing, and warns of this
    "VALUE_NOT_IN_LIST: Invalid value 'image/ktx2'. Valid values are ('image/jpeg', 'image/png').",
    "IMAGE_UNRECOGNIZED_FORMAT: Image format not recognized.",
}
UASTC, BT709, SRGB, ZSTANDARD = 166, 1, 2, 2  # of the data format and of the file


def decode(data: bytes, level: int = 0) -> np.ndarray:
    """uint8 [H,W,4]: a level, without what fills its last blocks."""
    alktx2 = pytest.importorskip("alktx2")
    picture = np.asarray(Image.open(io.BytesIO(alktx2.decode_ktx2_to_bytes(data, level=level)[0])).convert("RGBA"))
    width, height = (max(1, side >> level) for side in struct.unpack("<2I", data[20:28]))
    return picture[:height, :width]


@pytest.fixture
def files(whole, tmp_path) -> dict[str, Glb]:
    """The painted village with textures of two kinds."""
    pytest.importorskip("alktx2")
    found = {}
    for name in ("ktx2", "png"):
        write_glb(whole, tmp_path / f"{name}.glb", name, quiet)
        found[name] = Glb(tmp_path / f"{name}.glb")
    return found


def pictures(glb: Glb) -> list[bytes]:
    return [glb.view(image["bufferView"]) for image in glb.top["images"]]


def test_the_file_is_what_khronos_asks_for_and_shows_what_the_png_shows(files, whole, tmp_path) -> None:
    assert set(validate(tmp_path / "ktx2.glb")) == UNKNOWN
    top = files["ktx2"].top
    assert "KHR_texture_basisu" in top["extensionsRequired"] and "KHR_texture_basisu" in top["extensionsUsed"]
    assert [t["extensions"]["KHR_texture_basisu"]["source"] for t in top["textures"]] == list(range(len(top["images"])))
    assert not any("source" in texture for texture in top["textures"])
    assert {image["mimeType"] for image in top["images"]} == {"image/ktx2"}
    translucent = set()
    for page, data, png in zip(whole.layout.pages, *map(pictures, files.values()), strict=True):
        exact = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
        check_header(data, exact.shape[1::-1])
        levels = mip_levels(exact)
        for level in range(0, len(levels), 2):
            apart = np.abs(decode(data, level).astype(int) - levels[level])
            assert apart.mean() <= (SMALL if level else 1) * MEAN and apart.max() <= MOST
        assert ((decode(data)[..., 3] < 255) == (exact[..., 3] < 255)).all()
        translucent.add(bool((exact[..., 3] < 255).any()))
        coarse, side = decode(data, 4), 16  # pixels under one of this level, the width of a gutter: charts keep apart
        for chart in page.charts:
            x, y = int(whole.layout.x[chart]), int(whole.layout.y[chart])
            w, h = (whole.charts.size[chart] * whole.layout.scale[chart]).tolist()
            own = exact[y : y + min(side, h), x : x + min(side, w)].astype(int)
            assert (coarse[y // side, x // side] >= own.min(axis=(0, 1)) - MOST).all()
            assert (coarse[y // side, x // side] <= own.max(axis=(0, 1)) + MOST).all()
    assert translucent == {True, False}


def check_header(data: bytes, size: tuple[int, int]) -> None:
    """The fields that KHR_texture_basisu prescribes; a level for each half of the picture."""
    kind, _, *found, depth, layers, faces, levels, packing = struct.unpack("<9I", data[12:48])
    assert data[:12] == IDENTIFIER and tuple(found) == size and not any(side % 4 for side in size)
    assert (kind, depth, layers, faces, packing) == (0, 0, 0, 1, ZSTANDARD)
    assert levels == max(size).bit_length()
    (description,) = struct.unpack("<I", data[48:52])
    assert tuple(data[description + 12 : description + 15]) == (UASTC, BT709, SRGB)


def test_mip_levels_average_light() -> None:
    board = np.zeros((4, 12, 4), np.uint8)
    board[::2, ::2], board[1::2, 1::2] = 255, 255
    levels = mip_levels(board)
    assert [level.shape[:2] for level in levels] == [(4, 12), (2, 6), (1, 3), (1, 1)]
    assert all((level == (188, 188, 188, 128)).all() for level in levels[1:])  # half of white's light, in sRGB
    assert all((level == 37).all() for level in mip_levels(np.full((5, 7, 4), 37, np.uint8)))
    slope = np.tile(np.arange(7, dtype=np.uint8)[:, None, None], (1, 1, 4))
    assert mip_levels(slope)[2].ravel().tolist() == [3] * 4  # an odd picture stays where it is


def test_the_same_picture_is_the_same_file() -> None:
    pytest.importorskip("alktx2")
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    assert encode_ktx2(picture) == encode_ktx2(picture)


def test_without_the_extra_a_sentence_says_what_to_install(monkeypatch, capsys, tmp_path) -> None:
    monkeypatch.setitem(sys.modules, "alktx2", None)
    monkeypatch.setattr("app.extras.find_spec", lambda name: None)
    assert main(["export", "no.world", "--out", str(tmp_path / "a.glb"), "--textures", "ktx2"]) == 2
    said = capsys.readouterr().err
    assert "--textures ktx2" in said and "rayverie[ktx2]" in said and said.count("\n") == 1
