"""Writes .vox files for the tests."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np


def chunk(name: bytes, content: bytes = b"", children: bytes = b"") -> bytes:
    return name + struct.pack("<II", len(content), len(children)) + content + children


def words(**found: str) -> bytes:
    parts = [struct.pack("<I", len(text)) + text.encode() for pair in found.items() for text in pair]
    return struct.pack("<I", len(found)) + b"".join(parts)


def model(size: tuple[int, int, int], voxels: Sequence[tuple[int, int, int, int]]) -> bytes:
    content = struct.pack("<I", len(voxels)) + bytes(byte for voxel in voxels for byte in voxel)
    return chunk(b"SIZE", struct.pack("<3i", *size)) + chunk(b"XYZI", content)


def palette(**colours: tuple[int, int, int]) -> bytes:
    """colours: c1=(r, g, b) for colour 1, and so on; the others are black."""
    table = np.zeros((256, 4), np.uint8)
    for name, colour in colours.items():
        table[int(name[1:]) - 1] = (*colour, 255)
    return chunk(b"RGBA", table.tobytes())


def transform(number: int, child: int, **frame: str) -> bytes:
    return chunk(b"nTRN", struct.pack("<i", number) + words() + struct.pack("<4i", child, -1, -1, 1) + words(**frame))


def group(number: int, *children: int) -> bytes:
    return chunk(
        b"nGRP", struct.pack("<i", number) + words() + struct.pack(f"<{len(children) + 1}i", len(children), *children)
    )


def shape(number: int, model: int) -> bytes:
    return chunk(b"nSHP", struct.pack("<i", number) + words() + struct.pack("<2i", 1, model) + words())


def vox(*chunks: bytes) -> bytes:
    return b"VOX " + struct.pack("<I", 200) + chunk(b"MAIN", children=b"".join(chunks))
