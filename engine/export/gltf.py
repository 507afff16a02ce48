"""glTF 2.0 as one binary file: a JSON description and the arrays and pictures that it refers to.

https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

from base.files import atomic_write

UNLIT = "KHR_materials_unlit"
TEXTURES = {
    "image/webp": "EXT_texture_webp",
    "image/ktx2": "KHR_texture_basisu",
}  # what pictures beyond glTF's own need
VERTICES, INDICES = 34962, 34963  # what a buffer view is for: GL's ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER
LINEAR, MIPMAPPED, CLAMP = 9729, 9987, 33071
_MAGIC, _JSON, _BIN = 0x46546C67, 0x4E4F534A, 0x004E4942
_KINDS = {np.dtype(np.float32): 5126, np.dtype(np.uint32): 5125}
_SHAPES = {(): "SCALAR", (2,): "VEC2", (3,): "VEC3", (4,): "VEC4"}


class Gltf:
    """A file in the making. `add` puts an object of glTF's JSON into one of its lists and returns its index."""

    def __init__(self, generator: str, extras: dict[str, Any]) -> None:
        self._parts: list[bytes] = []
        self._length = 0
        self._lists: dict[str, list[dict[str, Any]]] = {}
        self._extensions: dict[str, bool] = {}  # name → whether nobody can read the file without it
        self._top = {"asset": {"version": "2.0", "generator": generator}, "scene": 0}
        self._scene = {"nodes": [], "extras": extras}

    def add(self, kind: str, **fields: Any) -> int:
        found = self._lists.setdefault(kind, [])
        found.append(fields)
        return len(found) - 1

    def add_node(self, **fields: Any) -> int:
        """A node of the scene."""
        index = self.add("nodes", **fields)
        self._scene["nodes"].append(index)
        return index

    def add_array(self, array: np.ndarray, target: int | None = None, bounds: bool = False) -> int:
        """An accessor of float32 or uint32 [n] or [n,2..4]. target: VERTICES, INDICES or None; bounds: with least and greatest."""
        view = self._add_view(np.ascontiguousarray(array).tobytes(), target)
        fields: dict[str, Any] = {"bufferView": view, "componentType": _KINDS[array.dtype], "count": len(array)}
        if bounds:
            least, greatest = (np.atleast_1d(f(axis=0)).tolist() for f in (array.min, array.max))
            fields |= {"min": least, "max": greatest}
        return self.add("accessors", **fields, type=_SHAPES[array.shape[1:]])

    def add_texture(self, picture: bytes, mime: str) -> int:
        """A texture of an encoded picture, drawn with mip levels and never beyond its edge."""
        if "samplers" not in self._lists:
            self.add("samplers", magFilter=LINEAR, minFilter=MIPMAPPED, wrapS=CLAMP, wrapT=CLAMP)
        image = self.add("images", bufferView=self._add_view(picture), mimeType=mime)
        if extension := TEXTURES.get(mime):
            self.use(extension, required=True)
            return self.add("textures", sampler=0, extensions={extension: {"source": image}})
        return self.add("textures", sampler=0, source=image)

    def add_unlit(self, name: str, base: dict[str, Any], alpha_mode: str = "OPAQUE") -> int:
        """A material that is shown as it is. base: a pbrMetallicRoughness object, read by programs without the extension, too."""
        self.use(UNLIT)
        rough = {"metallicFactor": 0.0, "roughnessFactor": 1.0}
        return self.add(
            "materials",
            name=name,
            pbrMetallicRoughness=base | rough,
            alphaMode=alpha_mode,
            extensions={UNLIT: {}},
        )

    def use(self, extension: str, required: bool = False) -> None:
        self._extensions[extension] = required or self._extensions.get(extension, False)

    def write(self, path: Path) -> None:
        """Raises InputError when the file can't be written."""
        top = self._top | {"scenes": [self._scene]} | self._lists | {"buffers": [{"byteLength": self._length}]}
        top["extensionsUsed"] = sorted(self._extensions)
        if required := sorted(name for name, must in self._extensions.items() if must):
            top["extensionsRequired"] = required
        text = _pad(json.dumps(top, ensure_ascii=False, separators=(",", ":")).encode(), b" ")
        total = 12 + 8 + len(text) + 8 + self._length
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            file.write(struct.pack("<5I", _MAGIC, 2, total, len(text), _JSON))
            file.write(text)
            file.write(struct.pack("<2I", self._length, _BIN))
            file.writelines(self._parts)

    def _add_view(self, data: bytes, target: int | None = None) -> int:
        fields = {"buffer": 0, "byteOffset": self._length, "byteLength": len(data)}
        self._parts.append(_pad(data, b"\0"))
        self._length += len(self._parts[-1])
        return self.add("bufferViews", **fields, **({} if target is None else {"target": target}))


def _pad(data: bytes, filler: bytes) -> bytes:
    """Chunks and arrays start at multiples of four bytes."""
    return data + filler * (-len(data) % 4)
