"""Reads MagicaVoxel's .vox files: models of coloured voxels, and the scene graph that places them.

The format is described in the repository ephtracy/voxel-model of its author. A file is a tree of chunks, each with an id of four
letters, the sizes of its content and of its children. Nothing here is executed, and all sizes are bounded before anything is made.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from base.errors import InputError
from base.reading import read_bytes

MOST_BYTES = 64 << 20
MOST_MODELS = 4096  # of a file, and placed by its scene graph
MOST_NODES = 16 * MOST_MODELS  # passed in the scene graph, which may lead back to itself
MOST_VOXELS = 1 << 24  # of all models that are shown: 256 cubed
MOST_SIDE = 512  # voxels of all models together
WHAT = "a MagicaVoxel model"
Turn = tuple[tuple[int, int, int], tuple[int, int, int], tuple[int, int, int]]
STRAIGHT: Turn = ((1, 0, 0), (0, 1, 0), (0, 0, 1))


@dataclass(frozen=True)
class Voxels:
    """colours: uint8 [Y,Z,X], EMPTY (0) or the number of a colour, y up, x to the right, z to the viewer; palette: uint8 [256,4] RGBA,
    by these numbers."""

    colours: np.ndarray
    palette: np.ndarray


@dataclass(frozen=True)
class _Model:
    """size: voxels along MagicaVoxel's x, y and z (which is up); voxels: uint8 [n,4], x, y, z and colour."""

    size: tuple[int, int, int]
    voxels: np.ndarray


class _Damaged(Exception):
    """What is wrong with a file."""


def read_vox(path: str | Path) -> Voxels:
    """Read a file. Where models overlap, the later one counts. Raises InputError for anything that isn't a readable model."""
    data = read_bytes(path, WHAT, MOST_BYTES)
    if data[:4] != b"VOX ":
        raise InputError(path, "", f"is not {WHAT}")
    try:
        models, palette, nodes = _read_chunks(data)
        return Voxels(_join(models, _places(nodes, len(models))), palette)
    except (struct.error, IndexError, KeyError, ValueError, OverflowError) as error:
        raise InputError(path, "", f"is damaged; it must be {WHAT}") from error
    except _Damaged as problem:
        raise InputError(path, "", str(problem)) from None


def _read_chunks(data: bytes) -> tuple[list[_Model], np.ndarray, dict[int, tuple]]:
    """(models, palette, nodes of the scene graph by number)"""
    models: list[_Model] = []
    size: tuple[int, int, int] | None = None
    palette, nodes = _usual_palette(), {}
    for name, content in _chunks(data):
        if name == b"SIZE":
            size = struct.unpack_from("<3i", content)
            if not all(1 <= side <= 256 for side in size):
                raise _Damaged(f"has a model of {size[0]}×{size[1]}×{size[2]} voxels; allowed are 1 to 256 a side")
        elif name == b"XYZI" and size is not None:
            (count,) = struct.unpack_from("<I", content)
            voxels = np.frombuffer(content, np.uint8, 4 * count, 4).reshape(-1, 4)
            if (voxels[:, :3] >= size).any():
                raise _Damaged("has voxels outside of their model")
            models.append(_Model(size, voxels))
            size = None
        elif name == b"RGBA":
            palette = np.roll(np.frombuffer(content, np.uint8, 1024).reshape(256, 4), 1, axis=0)
        elif name in _NODES:
            number, node = _NODES[name](_Reader(content))
            nodes[number] = node
        if len(models) > MOST_MODELS:
            raise _Damaged(f"has more than {MOST_MODELS} models")
    if not models or not any(len(model.voxels) for model in models):
        raise _Damaged("has no voxels")
    return models, palette, nodes


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(id, content) of all chunks in order; children are inside MAIN only."""
    at = 8
    while at + 12 <= len(data):
        name, length, children = struct.unpack_from("<4sII", data, at)
        if at + 12 + length > len(data):
            raise ValueError("cut off")
        yield name, data[at + 12 : at + 12 + length]
        at += 12 + length + (0 if name == b"MAIN" else children)


class _Reader:
    """Reads the numbers, texts and dictionaries of a node."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def number(self) -> int:
        (value,) = struct.unpack_from("<i", self._content, self._at)
        self._at += 4
        return value

    def count(self) -> int:
        """A number of things that follow, of at least four bytes each."""
        value = self.number()
        if not 0 <= 4 * value <= len(self._content) - self._at:
            raise ValueError("counts more than there is")
        return value

    def words(self) -> dict[bytes, bytes]:
        return {self._text(): self._text() for _ in range(self.count())}

    def _text(self) -> bytes:
        length = self.number()
        if not 0 <= length <= len(self._content) - self._at:
            raise ValueError("a text longer than there is")
        self._at += length
        return self._content[self._at - length : self._at]


def _transform(read: _Reader) -> tuple[int, tuple]:
    number, _, child = read.number(), read.words(), read.number()
    for _ in range(3):  # reserved, layer, number of frames
        read.number()
    frame = read.words()
    move = tuple(int(word) for word in frame.get(b"_t", b"0 0 0").split())
    if len(move) != 3:
        raise ValueError("a place of three numbers")
    return number, ("transform", child, move, _turn(int(frame.get(b"_r", b"4"))))


def _group(read: _Reader) -> tuple[int, tuple]:
    number, _ = read.number(), read.words()
    return number, ("group", [read.number() for _ in range(read.count())])


def _shape(read: _Reader) -> tuple[int, tuple]:
    number, _, count = read.number(), read.words(), read.count()
    return number, ("shape", [(read.number(), read.words())[0] for _ in range(count)][:1])


_NODES = {b"nTRN": _transform, b"nGRP": _group, b"nSHP": _shape}


def _turn(byte: int) -> Turn:
    """A rotation from its byte: the columns of the ones in rows 1 and 2, then the signs of the three rows."""
    first, second = byte & 3, byte >> 2 & 3
    if first > 2 or second > 2 or first == second:
        raise ValueError("no rotation")
    columns, rows = (first, second, 3 - first - second), []
    for row, column in enumerate(columns):
        rows.append(tuple((-1 if byte >> (4 + row) & 1 else 1) if k == column else 0 for k in range(3)))
    return (rows[0], rows[1], rows[2])


def _places(nodes: dict[int, tuple], models: int) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """(model, rotation int [3,3], centre int [3]) of all that the scene graph shows; a file without one shows its first model."""
    if not nodes:
        return [(0, np.array(STRAIGHT), np.zeros(3, np.int64))]
    found: list[tuple[int, np.ndarray, np.ndarray]] = []
    waiting = [(0, np.array(STRAIGHT), np.zeros(3, np.int64))]
    passed = 0
    while waiting:
        number, turn, move = waiting.pop()
        node = nodes[number]
        passed += len(node[1]) if node[0] == "group" else 1
        if passed > MOST_NODES:
            raise _Damaged(f"shows more than {MOST_NODES} nodes of its scene graph")
        if node[0] == "transform":
            if np.abs(node[2]).max() > 1 << 20:
                raise ValueError("too far")
            waiting.append((node[1], turn @ np.array(node[3]), move + turn @ np.array(node[2])))
        elif node[0] == "group":
            waiting += [(child, turn, move) for child in reversed(node[1])]
        else:
            found += [(model, turn, move) for model in node[1] if 0 <= model < models]
    if len(found) > MOST_MODELS:
        raise _Damaged(f"shows more than {MOST_MODELS} models")
    return found


def _join(models: list[_Model], places: list[tuple[int, np.ndarray, np.ndarray]]) -> np.ndarray:
    """uint8 [Y,Z,X]: all models at their places, in the smallest box that holds them."""
    if sum(len(models[number].voxels) for number, _, _ in places) > MOST_VOXELS:
        raise _Damaged(f"shows more than {MOST_VOXELS >> 20} million voxels")
    points, colours = [], []
    for number, turn, move in places:
        model = models[number]
        middle = np.array(model.size) // 2  # models are placed by their middle voxel
        twice = 2 * (model.voxels[:, :3].astype(np.int64) - middle) + 1  # centres of voxels, so that a turn keeps them
        points.append((twice @ turn.T - 1) // 2 + move)
        colours.append(model.voxels[:, 3])
    where, colour = np.concatenate(points), np.concatenate(colours)
    where, colour = where[colour > 0], colour[colour > 0]
    if not len(where):
        raise _Damaged("shows no voxels")
    low = where.min(axis=0)
    size = where.max(axis=0) - low + 1
    if size.max() > MOST_SIDE:
        raise _Damaged(f"is {size[0]}×{size[1]}×{size[2]} voxels large; allowed are {MOST_SIDE} a side")
    x, y, z = (where - low).T
    solid = np.zeros((size[2], size[1], size[0]), np.uint8)
    solid[z, size[1] - 1 - y, x] = colour  # its z is our y, and its y leads away from the viewer
    return solid


def _usual_palette() -> np.ndarray:
    """The palette of files that have none: the cube of web colours but black, blue fastest, then ramps of red, green, blue and grey."""
    steps = np.array([255, 204, 153, 102, 51, 0], np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    palette = np.zeros((256, 4), np.uint8)
    palette[1:216, :3] = cube[:215]
    ramp = np.array([238, 221, 187, 170, 136, 119, 85, 68, 34, 17], np.uint8)
    for start, channels in ((216, (0,)), (226, (1,)), (236, (2,)), (246, (0, 1, 2))):
        for channel in channels:
            palette[start : start + 10, channel] = ramp
    palette[1:, 3] = 255
    return palette
