"""Fonts of the system for characters that the window's own font lacks, such as Japanese prompts: looked for when one is drawn."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import numpy as np
from imgui_bundle import imgui

from app.gui.theme import SIZE
from base.daemon import run_as_daemon

EVERY = 0.5  # seconds between two looks at what was drawn
BASIC = 0x180  # code points below it are Latin, which the window's font has
Face = tuple[Path, int]
"""A font file, and the number of the font in it."""

# Where fontconfig isn't at home: files that have most scripts, tried in this order. Relative to the folder of the system's fonts.
FOLDERS = {"win32": Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts", "darwin": Path("/System/Library/Fonts")}
FILES = {
    "win32": ("YuGothM.ttc", "msgothic.ttc", "msyh.ttc", "malgun.ttf", "segoeui.ttf", "LeelawUI.ttf", "Nirmala.ttf"),
    "darwin": ("Supplemental/Arial Unicode.ttf", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "PingFang.ttc"),
}


class FallbackFonts:
    """Call `update` once a frame, while ImGui draws nothing. find: `find_faces`, or a test's replacement."""

    def __init__(self, find: Callable[[Sequence[int]], list[Face]] | None = None) -> None:
        self._find = find or find_faces
        self._looked_at = -np.inf
        self._known: set[int] = set()  # code points that were looked for
        self._added: set[Face] = set()
        self._asked: list[int] = []
        self._found: Future[list[Face]] | None = None

    def update(self, now: float) -> str:
        """Add fonts that were found, and look for what else is needed. Returns the letters that no font has, once, or ""."""
        if self._found is not None:
            return self._take(self._found) if self._found.done() else ""
        if now - self._looked_at < EVERY:
            return ""
        self._looked_at = now
        self._asked = [code for code in drawn_codes() if code not in self._known and not _is_in_font(code)]
        self._known.update(self._asked)
        self._found = run_as_daemon(partial(self._find, self._asked), "fonts") if self._asked else None
        return ""

    def _take(self, found: Future[list[Face]]) -> str:
        """Add the found fonts until every character has one."""
        self._found = None
        for face in [] if found.exception() else found.result():
            if face not in self._added and not all(map(_is_in_font, self._asked)):
                self._added.add(face)
                _add(face)
        return "".join(chr(code) for code in self._asked if chr(code).isalpha() and not _is_in_font(code))


def drawn_codes() -> list[int]:
    """The code points from BASIC on that were drawn so far."""
    baked = imgui.get_io().fonts.fonts[0].last_baked
    if baked is None:
        return []
    vector = baked.index_advance_x  # -1 where nothing was drawn
    count = vector.size()
    if count <= BASIC:
        return []
    widths = np.ctypeslib.as_array((ctypes.c_float * count).from_address(vector.data_address()))
    return [code for code in (np.flatnonzero(widths[BASIC:] >= 0) + BASIC).tolist() if _is_written(code)]


def find_faces(codes: Sequence[int]) -> list[Face]:
    """Fonts of this system that may have these characters, the likeliest first. Takes up to a second; any thread."""
    if sys.platform in FOLDERS:
        files = (FOLDERS[sys.platform] / name for name in FILES[sys.platform])
        return [(file, 0) for file in files if file.is_file()]
    names = {unicodedata.name(chr(code), "").split(" ")[0]: code for code in codes}  # one of each script
    asked = [" ".join(f"{code:x}" for code in codes), *(f"{code:x}" for code in names.values())]
    return [face for charset in dict.fromkeys(asked) for face in _match(charset)]


def _match(charset: str) -> list[Face]:
    """The font that fontconfig prefers for code points (hexadecimal, with blanks between them); nothing without fontconfig."""
    command = ["fc-match", "-f", "%{file}\n%{index}", f":charset={charset}:color=false"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    file, _, number = told.partition("\n")
    return [(Path(file), int(number) & 0xFFFF)] if file and number.isdecimal() else []


def _add(face: Face) -> None:
    """Let the window's font take missing characters from a file. What isn't a font is left out."""
    path, number = face
    config, atlas = imgui.ImFontConfig(), imgui.get_io().fonts
    config.merge_mode, config.font_no, config.dst_font = True, number, atlas.fonts[0]
    try:
        atlas.add_font_from_file_ttf(str(path), SIZE, config)
    except Exception:  # whatever the system holds there
        return


def _is_in_font(code: int) -> bool:
    return imgui.get_io().fonts.fonts[0].is_glyph_in_font(code)


def _is_written(code: int) -> bool:
    """Whether a code point is a character of texts: icons are in the private use area."""
    return unicodedata.category(chr(code)) not in ("Co", "Cn", "Cs", "Cc", "Cf") and code != 0xFFFD
