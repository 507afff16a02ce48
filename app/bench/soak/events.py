"""Input events of the random user and the window state that they depend on, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scenes import edit, edit_map
from scenes.scene import CameraPath, Scene

EDITS = {function.__name__: function for function in (edit_map.paint_stroke, edit.change_material)}
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class WindowState:
    """What the random user can act on. size: of the window, and box: of the scene in it (x, y, width, height), both in points;
    map: width and depth in blocks; materials: how many; path: of the camera; panels: titles; files: to drop."""

    size: tuple[int, int]
    box: Box
    map: tuple[int, int]
    materials: int
    path: CameraPath | None
    panels: tuple[str, ...]
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Key:
    name: str
    pressed: bool


@dataclass(frozen=True)
class Move:
    """Move the pointer to (x, y) in points; y points down."""

    x: float
    y: float


@dataclass(frozen=True)
class Button:
    name: str
    pressed: bool


@dataclass(frozen=True)
class Wheel:
    clicks: float


@dataclass(frozen=True)
class Text:
    character: str


@dataclass(frozen=True)
class Focus:
    gained: bool


@dataclass(frozen=True)
class Resize:
    size: tuple[int, int]


@dataclass(frozen=True)
class Drop:
    path: Path


@dataclass(frozen=True)
class BringToFront:
    """Bring a panel's tab to the front."""

    panel: str


@dataclass(frozen=True)
class Do:
    """Call a handler of the explorer by its name, as menus and panels do."""

    action: str
    details: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Wait:
    frames: int


@dataclass(frozen=True)
class Change:
    """One of EDITS with its arguments; a function Scene → Scene."""

    name: str
    arguments: tuple[Any, ...]
    fields: tuple[tuple[str, Any], ...] = ()

    def __call__(self, scene: Scene) -> Scene:
        return EDITS[self.name](scene, *self.arguments, **dict(self.fields))


Event = Key | Move | Button | Wheel | Text | Focus | Resize | Drop | BringToFront | Do | Wait
