"""A file browser for dialogs. It is the same on every system and lists folders in the background."""

from __future__ import annotations

import time
from concurrent.futures import Future
from functools import partial
from pathlib import Path

from imgui_bundle import imgui

from app.files.folder_listing import Entry, Listing, resolve_path
from app.panels.context import PanelContext, faint, hint
from app.panels.dialog import dialog_height, dialog_width
from base.daemon import run_as_daemon
from base.errors import InputError
from base.files import expand_user

ICONS = {"folder": "\uf07b", "scene": "\uf1b2", "picture": "\uf03e", "film": "\uf008", "world": "\uf0ac"}
FILE_ICON = "\uf15b"
WIDE = 52  # width in letters


class Browser:
    """folder: shown; chosen: an entry of it. `draw` into a dialog."""

    def __init__(self) -> None:
        self.folder, self._typed = Path.home(), ""
        self.chosen: Entry | None = None
        self._found: Future[Listing] | None = None

    def go(self, path: Path) -> None:
        """Show another folder, or the folder of a file."""
        self.folder, self.chosen, self._typed = expand_user(path).absolute(), None, ""
        self._found = run_as_daemon(partial(resolve_path, self.folder), "folders")

    def has(self, name: str) -> bool:
        """Whether the folder is known to contain this name."""
        found = self._found
        if found is None or not found.done() or found.exception() is not None:
            return False
        return any(entry.path.name == name for entry in found.result().entries)

    def draw(self, ui: PanelContext, places: dict[str, Path], kinds: tuple[str, ...] = ()) -> Entry | None:
        """Draw the browser; return an entry that was double-clicked or typed, or None. places: shortcuts to other folders;
        kinds: of files shown, () = all."""
        self._way(ui)
        imgui.begin_child("places", imgui.ImVec2(dialog_width(WIDE) * 0.15, dialog_height(0.5)))
        for name, folder in places.items():
            if imgui.selectable(name, folder == self.folder)[0]:
                self.go(folder)
            hint(str(folder))
        imgui.end_child()
        imgui.same_line()
        imgui.begin_child(
            "entries", imgui.ImVec2(dialog_width(WIDE) * 0.85, dialog_height(0.5)), imgui.ChildFlags_.frame_style
        )
        opened = self._entries(kinds)
        imgui.end_child()
        if opened is not None and opened.kind == "folder":
            self.go(opened.path)
            return None
        return opened

    def _way(self, ui: PanelContext) -> None:
        """Draw a button for the parent folder, and an editable path."""
        gap = imgui.get_style().item_spacing.x
        left = imgui.get_cursor_pos_x()
        if imgui.button("\uf062##up") and self.folder.parent != self.folder:
            self.go(self.folder.parent)
        hint("Parent folder.")
        imgui.same_line()
        imgui.set_next_item_width(
            dialog_width(WIDE) + gap - (imgui.get_cursor_pos_x() - left)
        )  # as wide as what is below
        enter = imgui.InputTextFlags_.enter_returns_true
        done, self._typed = imgui.input_text("##folder", self._typed or str(self.folder), enter)
        if done:
            self.go(Path(self._typed.strip()))

    def _entries(self, kinds: tuple[str, ...]) -> Entry | None:
        if self._found is None or not self._found.done():
            faint("Reading the folder…")
            return None
        try:
            found = self._found.result()
        except InputError as error:
            faint(str(error))
            return None
        entries = [e for e in found.entries if e.folder or not kinds or e.kind in kinds]
        if not entries:
            faint("No folders in here." if kinds == ("folder",) else "No matching files in this folder.")
        opened = None
        if self.folder != found.folder:  # the path of a file was typed
            self.folder, self.chosen, opened = found.folder, found.entry, found.entry
        flags = imgui.TableFlags_.sizing_stretch_prop
        if imgui.begin_table("entries", 3, flags):
            for entry in entries:
                if self._entry(entry):
                    opened = entry
            imgui.end_table()
        return opened

    def _entry(self, entry: Entry) -> bool:
        """Draw an entry; return whether it was double-clicked."""
        imgui.table_next_row()
        imgui.table_next_column()
        flags = imgui.SelectableFlags_.span_all_columns | imgui.SelectableFlags_.allow_double_click
        text = f"{ICONS.get(entry.kind, FILE_ICON)}  {entry.path.name}"
        clicked, _ = imgui.selectable(text, self.chosen is not None and self.chosen.path == entry.path, flags)
        double = clicked and imgui.is_mouse_double_clicked(imgui.MouseButton_.left)
        if clicked:
            self.chosen = entry
        imgui.table_next_column()
        imgui.text_disabled("" if entry.kind == "folder" else entry.kind)
        imgui.table_next_column()
        day = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.changed))
        imgui.text_disabled(day if entry.folder else f"{day}  {_size(entry.bytes)}")
        return double


def _size(count: int) -> str:
    return f"{count / 2**20:.1f} MB" if count >= 2**20 else f"{count / 1024:.0f} kB"
