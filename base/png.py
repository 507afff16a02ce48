"""The chunks of a PNG (https://www.w3.org/TR/png-3/): its texts, bounded, and a copy without what we make no use of."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from base.errors import InputError
from base.reading import open_regular, read_bytes

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_BYTES = 512 << 20
MOST_TEXT = 16 << 20  # bytes of all texts together, decompressed
# What a picture is made of. The rest (gamma, colour profiles, animation, texts) is never decoded, so it can't be fatal.
ESSENTIAL = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"eXIf"))
TEXTS = frozenset((b"tEXt", b"zTXt", b"iTXt"))


def read_texts(path: str | Path) -> dict[str, str]:
    """Keyword → text of a PNG's text chunks. Raises InputError for another file, a damaged one, or one with too much text."""
    data = read_bytes(path, "a PNG picture", MOST_BYTES)
    if not data.startswith(SIGNATURE):
        raise InputError(path, "", "is not a PNG picture")
    found: dict[str, str] = {}
    left = MOST_TEXT
    try:
        for kind, start, end in _chunks(data):
            if int.from_bytes(data[end : end + 4]) != zlib.crc32(data[start - 4 : end]):
                raise ValueError(f"the checksum of a chunk {kind!r}")
            if kind in TEXTS:
                keyword, text = _text(kind, data[start:end], left)
                if keyword in found:
                    raise ValueError(f"two texts {keyword!r}")
                found[keyword] = text
                left -= len(text)
    except (ValueError, zlib.error) as error:
        raise InputError(path, "", f"is a damaged PNG picture ({error})") from error
    return found


@dataclass(frozen=True)
class Head:
    """size: width and height in pixels; texts: keyword → text."""

    size: tuple[int, int]
    texts: dict[str, str]


def read_head(path: str | Path) -> Head:
    """Size and texts of a PNG, without reading its pixels: for lists of many pictures.

    Raises InputError for another file, one that is cut off, one whose head is damaged, or one with too much text.
    """
    with open_regular(path, "a PNG picture", MOST_BYTES) as file:
        try:
            return _read_head(file)
        except (ValueError, zlib.error) as error:
            raise InputError(path, "", f"is not a PNG picture, or a damaged one ({error})") from error


def _read_head(file: BinaryIO) -> Head:
    """As `read_head`. Raises ValueError or zlib.error."""
    if file.read(len(SIGNATURE)) != SIGNATURE:
        raise ValueError("another beginning")
    size, texts, left, kind = None, dict[str, str](), MOST_TEXT, b""
    while kind != b"IEND":
        start = file.read(8)
        length, kind = int.from_bytes(start[:4]), start[4:]
        if kind not in TEXTS and kind != b"IHDR":
            file.seek(length, 1)
            if len(file.read(4)) < 4:
                raise ValueError("it is cut off")
            continue
        if length > MOST_TEXT:
            raise ValueError(f"more than {MOST_TEXT >> 20} MiB of text")
        content, check = file.read(length), file.read(4)
        if len(check) < 4 or int.from_bytes(check) != zlib.crc32(kind + content):
            raise ValueError(f"the checksum of a chunk {kind!r}")
        if kind == b"IHDR":
            size = int.from_bytes(content[:4]), int.from_bytes(content[4:8])
        else:
            keyword, text = _text(kind, content, left)
            texts[keyword] = text
            left -= len(text)
    if size is None:
        raise ValueError("no header")
    return Head(size, texts)


def essential(data: bytes) -> bytes:
    """A PNG with the chunks of ESSENTIAL only. ValueError where it is cut off."""
    kept = [data[start - 8 : end + 4] for kind, start, end in _chunks(data) if kind in ESSENTIAL]
    return b"".join([SIGNATURE, *kept])


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start, end) of each chunk's content up to IEND. ValueError where the file ends before."""
    at, kind = len(SIGNATURE), b""
    while kind != b"IEND":
        start = at + 8
        end = start + int.from_bytes(data[at : at + 4])
        if end + 4 > len(data):
            raise ValueError("it is cut off")
        kind = data[at + 4 : start]
        yield kind, start, end
        at = end + 4


def _text(kind: bytes, content: bytes, most: int) -> tuple[str, str]:
    """(keyword, text) of a text chunk, of at most so many bytes. ValueError or zlib.error for what is none."""
    keyword, _, rest = content.partition(b"\0")
    packed, encoding = kind == b"zTXt", "latin-1"
    if packed:
        rest = rest[1:]
    elif kind == b"iTXt":
        packed, encoding = rest[:1] == b"\1", "utf-8"
        rest = rest[2:].split(b"\0", 2)[-1]
    if packed:
        unpack = zlib.decompressobj()
        rest = unpack.decompress(rest, most + 1)
    if len(rest) > most:
        raise ValueError(f"more than {MOST_TEXT >> 20} MiB of text")
    return keyword.decode("latin-1"), rest.decode(encoding)
