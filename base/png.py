"""The chunks of a PNG (https://www.w3.org/TR/png-3/): its texts, bounded, and a copy without what we make no use of."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

from base.errors import InputError
from base.reading import read_bytes

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
