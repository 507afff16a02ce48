"""Pictures from outside: upright, 8 bits, with their transparency, bounded; settings in a PNG are read without decoding it."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from base.errors import InputError, escape_controls
from base.pictures import flat, open_picture
from base.png import SIGNATURE, read_texts

RAMP = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(size: tuple[int, int] = (2, 2), extra: bytes = b"", rows: bytes | None = None) -> bytes:
    """A grey PNG of 8 bits with chunks `extra` after its header."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0))
    rows = zlib.compress((b"\0" + b"\x80" * size[0]) * size[1]) if rows is None else rows
    return SIGNATURE + header + extra + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_sixteen_bits_are_scaled(tmp_path: Path) -> None:
    Image.fromarray(RAMP).save(tmp_path / "8.png")
    for factor, name in ((257, "16.png"), (256, "16b.png")):
        Image.fromarray(RAMP.astype(np.uint16) * factor).save(tmp_path / name)
        assert (np.asarray(open_picture(tmp_path / name)) == np.asarray(open_picture(tmp_path / "8.png"))).all()
    Image.fromarray(RAMP.astype(np.float32) / 255).save(tmp_path / "f.tiff")
    assert (np.asarray(open_picture(tmp_path / "f.tiff"))[..., 0] == RAMP).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "I;16"])
def test_a_transparent_colour_is_honoured(mode: str, tmp_path: Path) -> None:
    grey = RAMP.astype(np.uint16) * 257 if mode == "I;16" else np.where(RAMP > 100, 255, 0).astype(np.uint8)
    picture = Image.fromarray(grey) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    picture.save(tmp_path / "x.png", transparency=(0, 0, 0) if mode == "RGB" else 0)
    found = open_picture(tmp_path / "x.png")
    assert found.mode == "RGBA" and (np.asarray(found)[..., 3] == np.where(grey == 0, 0, 255)).all()
    assert np.asarray(flat(found, 255))[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.webp", "x.tiff"])
def test_a_picture_is_turned_as_its_exif_data_say(name: str, tmp_path: Path) -> None:
    picture = Image.new("RGB", (4, 6))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / name, exif=exif)
    assert open_picture(tmp_path / name).size == (6, 4)
    if name == "x.jpg":  # EXIF data that can't be read turn nothing
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes().replace(b"Exif\0\0MM", b"Exif\0\0zz", 1))
        assert open_picture(tmp_path / name).size == (4, 6)


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"gAMA", b"\0"),
        chunk(b"gAMA", struct.pack(">I", 0)),
        chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(1 << 26))),
        chunk(b"iCCP", b"x\0\0not zlib"),
        chunk(b"cHRM", b""),
        chunk(b"pHYs", b"1"),
        chunk(b"sRGB", b""),
        chunk(b"acTL", b""),
        chunk(b"eXIf", b"broken"),
        chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(1 << 26))),
        chunk(b"tEXt", b"x" * 200)[:-4] + b"bad!",
    ],
)
def test_what_a_picture_is_not_made_of_is_never_fatal(extra: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(png(extra=extra))
    assert np.asarray(open_picture(tmp_path / "x.png")).tolist() == [[[128] * 3] * 2] * 2


def test_a_usual_panorama_is_read_and_a_bomb_is_not(tmp_path: Path) -> None:
    (tmp_path / "wide.png").write_bytes(png((13_400, 8), b""))
    assert open_picture(tmp_path / "wide.png", largest=2048).size == (2048, 1)
    (tmp_path / "bomb.png").write_bytes(png((60_000, 60_000), rows=b""))
    with pytest.raises(InputError, match="60000×60000 pixels; at most 268 million"):
        open_picture(tmp_path / "bomb.png")
    (tmp_path / "panorama.png").write_bytes(png((13_400, 13_400), rows=b""))  # cut off, but not refused for its size
    with pytest.raises(InputError, match="broken picture"):
        open_picture(tmp_path / "panorama.png")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not a picture of a known kind"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture of a known kind"),
        (png()[:50], "broken picture"),
        (png(extra=chunk(b"IHDR", b"")), "broken picture"),
    ],
)
def test_what_is_no_picture_is_a_sentence(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(data)
    with pytest.raises(InputError, match=said):
        open_picture(tmp_path / "x.png")


def test_allowed_sides_and_formats_are_told(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(png((3, 1)))
    with pytest.raises(InputError, match="is 3×1 pixels; allowed are 2 to 8 pixels a side"):
        open_picture(tmp_path / "x.png", sides=range(2, 9))
    Image.new("RGB", (2, 2)).save(tmp_path / "x.jpg")
    with pytest.raises(InputError, match="is not a PNG picture"):
        open_picture(tmp_path / "x.jpg", formats=("PNG",))


def test_texts_of_a_png(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("plain", "grün")
    info.add_text("packed", "x" * 1000, zip=True)
    info.add_itxt("wide", "🧱", zip=True)
    info.add_itxt("wider", "🧱")
    Image.new("RGB", (2, 2)).save(tmp_path / "x.png", pnginfo=info)
    assert read_texts(tmp_path / "x.png") == {"plain": "grün", "packed": "x" * 1000, "wide": "🧱", "wider": "🧱"}
    huge = tmp_path / "huge.png"  # nothing of its pixels is read
    huge.write_bytes(png((60_000, 60_000), chunk(b"tEXt", b"key\0value"), b""))
    assert read_texts(huge) == {"key": "value"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"GIF89a", "is not a PNG"),
        (png()[:-20], "cut off"),
        (png(extra=chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1 << 25)))), "more than 16 MiB of text"),
        (png(extra=chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1 << 23))) * 3), "two texts"),
        (png(extra=chunk(b"zTXt", b"k\0\0none")), "damaged"),
        (png(extra=chunk(b"iTXt", b"k\0\0\0\0\0\xff")), "damaged"),
        (png(extra=chunk(b"tEXt", b"k\0value")[:-1] + b"!"), "checksum"),
    ],
)
def test_what_carries_no_texts_is_a_sentence(data: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(data)
    with pytest.raises(InputError, match=said):
        read_texts(tmp_path / "x.png")


def encoded(kind: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(RAMP).save(out, format=kind)
    return out.getvalue()


@given(st.sampled_from(["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]), st.data())
def test_a_damaged_picture_is_a_picture_or_a_sentence(tmp_path_factory, kind: str, data: st.DataObject) -> None:
    whole = bytearray(encoded(kind))
    for _ in range(data.draw(st.integers(0, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("fuzz") / "x.bin"
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    for read in (open_picture, read_texts):
        try:
            read(path)
        except InputError as error:
            assert escape_controls(str(error)) == str(error)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_picture_of_no_numbers_is_refused(value: float, tmp_path) -> None:
    pixels = np.full((4, 4), 0.5, np.float32)
    pixels[1, 2] = value
    Image.fromarray(pixels).save(tmp_path / "f.tiff")
    with pytest.raises(InputError, match="NaN or infinite"):
        open_picture(tmp_path / "f.tiff")
