"""What the program needs from the system: a window, and folders for its files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import moderngl
import platformdirs

from app.fields import Size
from app.user_folders import config_folder, data_folder


class Platform(Protocol):
    """The window. size: points; pixels: of its framebuffer; scale: pixels per point beyond the framebuffer's own;
    key_captions: name of a key on QWERTY → caption of the key at that place on this keyboard, where they differ."""

    @property
    def key_captions(self) -> Mapping[str, str]: ...
    @property
    def size(self) -> Size: ...
    @property
    def pixels(self) -> Size: ...
    @property
    def scale(self) -> float: ...
    @property
    def target(self) -> moderngl.Framebuffer: ...
    def grab_mouse(self, on: bool) -> None: ...
    def show_cursor(self, name: str) -> None: ...
    def set_title(self, title: str) -> None: ...
    def toggle_full_screen(self) -> None: ...
    def read_clipboard(self) -> str: ...
    def write_clipboard(self, text: str) -> None: ...
    def close(self) -> None: ...


def _pictures() -> Path:
    return Path(platformdirs.user_pictures_dir()) / "Rayverie"


@dataclass(frozen=True)
class Folders:
    """config: layout and presets; pictures: screenshots, films, paths; data: worlds and what is saved by itself."""

    config: Path = field(default_factory=config_folder)
    pictures: Path = field(default_factory=_pictures)
    data: Path = field(default_factory=data_folder)
