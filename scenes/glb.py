"""Reads the triangles of a .glb file: positions and texture coordinates of all meshes of its scene, each where its node puts it.

https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html. Materials, pictures, skins, morph targets and animations are ignored.
Every number of the file is bounded by the file's own size before anything is made of it, and what nodes repeat is counted each time.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from base.errors import InputError
from base.reading import parse_json
from scenes.camera import Camera
from scenes.triangles import MOST_TRIANGLES, Triangles, UnreadableMeshError, join_triangles

MAGIC, JSON, BIN = 0x46546C67, 0x4E4F534A, 0x004E4942
MOST_VERTICES = 1_000_000  # used or not
MOST_NODES = 10_000  # passed in the scene's tree, which may lead back to itself
TYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
HARMLESS = ("KHR_materials_", "KHR_texture_", "EXT_texture_", "KHR_lights_", "KHR_mesh_quantization")
LISTS, STRIPS, FANS = 4, 5, 6  # modes of primitives; the others are points and lines


def parse_glb(data: bytes, what: str) -> Triangles:
    """The triangles of a file's bytes. what: what it should be. Raises UnreadableMeshError and what wrong types raise (KeyError,
    TypeError, AttributeError, ValueError, IndexError, OverflowError, struct.error)."""
    magic, version, length = struct.unpack_from("<3I", data)
    if magic != MAGIC or version != 2:
        raise UnreadableMeshError(f"is not {what}")
    if length != len(data):
        raise UnreadableMeshError(f"says that it has {length:,} bytes, but has {len(data):,}: it is damaged")
    chunks = dict(_chunks(data))
    try:
        top = parse_json(chunks[JSON], "", what)
    except InputError as error:
        raise UnreadableMeshError(error.problem) from error
    if str(top["asset"]["version"]).split(".")[0] != "2":
        raise UnreadableMeshError(f"is of version {top['asset']['version']} of glTF; 2 is read")
    for name in top.get("extensionsRequired", []):
        if not str(name).startswith(HARMLESS):
            raise UnreadableMeshError(f"needs the extension {name}, which isn't read; save it without compression")
    return _File(top, chunks.get(BIN, b"")).triangles()


def _chunks(data: bytes) -> Iterator[tuple[int, bytes]]:
    place = 12
    while place < len(data):
        length, kind = struct.unpack_from("<2I", data, place)
        if place + 8 + length > len(data):
            raise UnreadableMeshError("ends in the middle of a chunk: it is damaged")
        yield kind, data[place + 8 : place + 8 + length]
        place += 8 + length


class _File:
    """top: the file's JSON; binary: its chunk of numbers."""

    def __init__(self, top: dict[str, Any], binary: bytes) -> None:
        self.top, self.binary = top, binary

    def triangles(self) -> Triangles:
        found, vertices, count = [], 0, 0
        for mesh, matrix in self._placed():
            for primitive in mesh["primitives"]:
                if primitive.get("mode", LISTS) not in (LISTS, STRIPS, FANS):
                    continue
                part = self._primitive(primitive, matrix)
                found.append(part)
                vertices, count = vertices + len(part.vertices), count + len(part.triangles)
                if count > MOST_TRIANGLES:
                    raise UnreadableMeshError(f"has more than {MOST_TRIANGLES:,} triangles, which is the most")
                if vertices > MOST_VERTICES:
                    raise UnreadableMeshError(f"has more than {MOST_VERTICES:,} vertices, counted for each node")
        return join_triangles(found)

    def _placed(self) -> Iterator[tuple[dict[str, Any], np.ndarray]]:
        """Each mesh of the scene with its node's matrix, float64 [4,4]."""
        nodes = self.top.get("nodes", [])
        if self.top.get("scenes"):
            roots = _item(self.top["scenes"], self.top.get("scene", 0)).get("nodes", [])
        else:
            roots = sorted({*range(len(nodes))} - {child for node in nodes for child in node.get("children", [])})
        left, passed = [(root, np.eye(4), 1) for root in reversed(roots)], 0
        while left:
            index, above, depth = left.pop()
            passed += 1
            if passed > MOST_NODES or depth > len(nodes):
                raise UnreadableMeshError(f"has more than {MOST_NODES:,} nodes, or nodes that lead back to themselves")
            node = _item(nodes, index)
            matrix = above @ _matrix(node)
            if "mesh" in node:
                yield _item(self.top["meshes"], node["mesh"]), matrix
            left += [(child, matrix, depth + 1) for child in reversed(node.get("children", []))]

    def _primitive(self, primitive: dict[str, Any], matrix: np.ndarray) -> Triangles:
        attributes = primitive["attributes"]
        if "TEXCOORD_0" not in attributes:
            raise UnreadableMeshError("has triangles without texture coordinates (UVs), which paint needs; unwrap it")
        vertices = self._numbers(attributes["POSITION"], 3)
        uv = self._numbers(attributes["TEXCOORD_0"], 2)
        if len(uv) != len(vertices):
            raise UnreadableMeshError(f"has {len(vertices):,} vertices, but {len(uv):,} texture coordinates")
        order = np.arange(len(vertices))
        if "indices" in primitive:
            order = self._numbers(primitive["indices"], 1)[:, 0].astype(np.int64)
        mode = primitive.get("mode", LISTS)
        triangles = order[: len(order) // 3 * 3].reshape(-1, 3) if mode == LISTS else _unroll(order, mode)
        if np.linalg.det(matrix[:3, :3]) < 0:  # a mirror turns the triangles over
            triangles = triangles[:, ::-1]
        return Triangles(vertices @ matrix[:3, :3].T + matrix[:3, 3], uv, triangles)

    def _numbers(self, index: object, width: int) -> np.ndarray:
        """float64 [n,width]: an accessor's numbers."""
        accessor = _item(self.top["accessors"], index)
        if "sparse" in accessor or "bufferView" not in accessor:
            raise UnreadableMeshError("has sparse numbers, which aren't read; save it without them")
        view = _item(self.top["bufferViews"], accessor["bufferView"])
        buffer = _item(self.top["buffers"], view["buffer"])
        if "uri" in buffer or view["buffer"] != 0:
            raise UnreadableMeshError("keeps its numbers in another file; save it as one .glb that holds everything")
        if WIDTHS[accessor["type"]] != width:
            raise UnreadableMeshError(
                f"has {accessor['type']} where {width} numbers for each are wanted: it is damaged"
            )
        dtype = np.dtype(TYPES[accessor["componentType"]])
        count, begin, room = _size(accessor["count"]), _size(view.get("byteOffset", 0)), _size(view["byteLength"])
        start, stride = _size(accessor.get("byteOffset", 0)), _size(view.get("byteStride", 0)) or dtype.itemsize * width
        end = start + (count - 1) * stride + dtype.itemsize * width if count else start
        if end > room or begin + room > len(self.binary):
            raise UnreadableMeshError("has numbers beyond its end: it is damaged")
        raw = np.ndarray((count, width), dtype, self.binary, begin + start, (stride, dtype.itemsize))
        numbers = raw.astype(np.float64)
        if accessor.get("normalized", False) and dtype.kind in "iu":
            numbers = np.maximum(numbers / np.iinfo(dtype).max, -1.0)
        return numbers


def _matrix(node: dict[str, Any]) -> np.ndarray:
    """float64 [4,4]: a node's own matrix."""
    if "matrix" in node:
        return np.array(node["matrix"], np.float64).reshape(4, 4).T
    (x, y, z), (i, j, k, real), scale = (
        np.array(node.get(name, default), np.float64).reshape(len(default)).tolist()
        for name, default in (("translation", (0, 0, 0)), ("rotation", (0, 0, 0, 1)), ("scale", (1, 1, 1)))
    )
    out = Camera((x, y, z), (i, j, k, real)).pose  # a node's place is that of a camera
    out[:3, :3] *= scale
    return out


def _unroll(order: np.ndarray, mode: int) -> np.ndarray:
    """int64 [T,3]: the triangles of a strip or a fan."""
    count = max(len(order) - 2, 0)
    k = np.arange(count)
    if mode == FANS:
        return order[np.stack([k * 0, k + 1, k + 2], axis=1)]
    return order[np.stack([k, k + 1 + k % 2, k + 2 - k % 2], axis=1)]


def _item(items: Any, index: Any) -> dict[str, Any]:
    if type(index) is not int or not 0 <= index < len(items):
        raise UnreadableMeshError(f"refers to a part {index!r} that it doesn't have: it is damaged")
    return items[index]


def _size(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise UnreadableMeshError(f"has {value!r} as a size: it is damaged")
    return value
