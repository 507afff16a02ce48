"""The data of a scene: a map of materials, their prompts and shapes, a background and named camera paths."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np

from scenes.camera import Camera
from scenes.mesh import Mesh
from scenes.style import NO_STYLE, Style

Colour = tuple[int, int, int]
EMPTY = 0  # the map's value for empty ground; material i of the list is i + 1
SKY = -1  # material index of the background, where materials are numbered from 0
NO_COLOUR: Colour = (-1, -1, -1)  # a `source` colour that no pixel has
MAP_SIDES = range(2, 1025)  # blocks along a side of a map
MOST_LAYERS = 256  # blocks
VOXELS_PER_BLOCK = 8  # default


@dataclass(frozen=True)
class Background:
    """display: the sky's colour while unpainted, 0..255; None is a blue noon."""

    prompt: str
    negative_prompt: str = ""
    display: Colour | None = None


@dataclass(frozen=True)
class Material:
    """One colour of the map. Heights in blocks above the ground plane; opacity 0 (not built) to 1; colours 0..255."""

    name: str
    source: Colour
    prompt: str
    height: float
    display: Colour
    negative_prompt: str = ""
    start_height: float = 0.0
    opacity: float = 1.0
    material_over: str | None = None
    material_under: str | None = None


@dataclass(frozen=True)
class Keyframe:
    camera: Camera
    time: float  # seconds from the start of the path


@dataclass(frozen=True)
class CameraPath:
    """Named keyframes, at least two, times rising from 0; fps as stored in the file.

    A `loop` runs for ever: its last keyframe repeats the pose of the first.
    """

    name: str
    keyframes: tuple[Keyframe, ...]
    fps: float = 24.0
    loop: bool = False

    @property
    def seconds(self) -> float:
        return self.keyframes[-1].time


@dataclass(frozen=True, eq=False)
class Scene:
    """map: uint8 [Z,X], EMPTY or material index + 1; floor, ceiling: materials that fill empty columns, or None.

    layers: uint8 [Y,Z,X] blocks above the ground with the map's values, in place of what the map builds there; None without any.
    meshes: what stands among the blocks.

    style: what is added to all prompts; generated: names of paths computed from the blocks and recomputed with them.
    notes: findings while loading that the user should know (pixels of an unlisted colour), one sentence each.
    """

    name: str
    map: np.ndarray
    materials: tuple[Material, ...]
    background: Background
    voxels_per_block: int = VOXELS_PER_BLOCK
    floor: str | None = None
    ceiling: str | None = None
    style: Style = NO_STYLE
    paths: Mapping[str, CameraPath] = field(default_factory=dict)
    generated: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    layers: np.ndarray | None = None
    meshes: tuple[Mesh, ...] = ()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Scene):
            return NotImplemented
        arrays = ("map", "layers")
        mine, theirs = ({f.name: getattr(s, f.name) for f in fields(s) if f.name not in arrays} for s in (self, other))
        return self is other or (mine == theirs and self._has_values_of(other))

    __hash__ = None  # type: ignore[assignment]

    @property
    def hash(self) -> str:
        """sha256 of what determines the volume: map, layers, meshes and the materials' geometry, without prompts and colours."""
        made = hashlib.sha256(self._rules.encode() + np.ascontiguousarray(self.map).tobytes())
        if self.layers is not None:
            made.update(repr(self.layers.shape).encode() + np.ascontiguousarray(self.layers).tobytes())
        return made.hexdigest()

    def builds_same(self, other: Scene) -> bool:
        """Whether both have the same `hash`; much faster where they share their arrays."""
        return self._rules == other._rules and self._has_values_of(other)

    @property
    def _rules(self) -> str:
        """The part of `hash` that is no array."""
        shape = [
            {k: v for k, v in asdict(m).items() if k not in ("prompt", "negative_prompt", "display", "source")}
            for m in self.materials
        ]
        meshes = [[asdict(mesh.place), mesh.geometry.key] for mesh in self.meshes]
        rules = [self.map.shape, self.voxels_per_block, self.floor, self.ceiling, shape, *([meshes] if meshes else [])]
        return json.dumps(rules, sort_keys=True)

    def _has_values_of(self, other: Scene) -> bool:
        return _same(self.map, other.map) and _same(self.layers, other.layers)

    def with_values(self, table: np.ndarray, **changes: Any) -> Scene:
        """A copy whose map and layers have other values. table: uint8 [n], the new one of each value."""
        layers = None if self.layers is None else table[self.layers]
        return replace(self, map=table[self.map], layers=layers, **changes)

    @property
    def values(self) -> np.ndarray:
        """int64 [materials + 1]: how often each value stands on the map and in the layers."""
        arrays = [self.map] if self.layers is None else [self.map, *self.layers]
        return np.sum([np.bincount(a.ravel(), minlength=len(self.materials) + 1) for a in arrays], axis=0)

    @property
    def prompts(self) -> tuple[str, ...]:
        """All prompts and negative prompts of the materials and the background, with the style."""
        return tuple(text for material in (*range(len(self.materials)), SKY) for text in self.prompt(material))

    def material_index(self, name: str) -> int:
        """The index of a material that the scene has."""
        return next(i for i, m in enumerate(self.materials) if m.name == name)

    def prompt(self, material: int) -> tuple[str, str]:
        """Return (prompt, negative prompt) of a material index, or of the background for SKY, with the style added."""
        source = self.background if material == SKY else self.materials[material]
        return self.style.extend(source.prompt, source.negative_prompt)


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))
