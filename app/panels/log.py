"""The log panel: messages, times of dreams, and errors with their details."""

from __future__ import annotations

import time

from imgui_bundle import imgui

from app.gui.theme import colour
from app.log import Entry
from app.panels.context import PanelContext, faint, hint
from app.session import Session


class LogPanel:
    title = "Log"

    def __init__(self) -> None:
        self._dreams = True

    def draw(self, ui: PanelContext) -> Session:
        self._dreams = imgui.checkbox("Dreams", self._dreams)[1]
        hint("List each dream's times: steps, decoding, blending and laying.")
        entries = [entry for entry in ui.log.entries if self._dreams or entry.level != "dream"]
        imgui.same_line()
        imgui.begin_disabled(not entries)
        if imgui.button("Copy all"):
            imgui.set_clipboard_text("\n".join(map(format_entry, entries)))
        imgui.end_disabled()
        if not entries:
            faint("No messages yet.")
        tint = {"warning": ui.palette.warning, "error": ui.palette.bad}
        for i, entry in enumerate(reversed(entries)):
            imgui.push_id(len(entries) - i)
            imgui.text_disabled(clock_time(entry))
            imgui.same_line()
            imgui.push_style_color(imgui.Col_.text, colour(tint.get(entry.level, ui.palette.ink)))
            imgui.push_text_wrap_pos(0.0)
            imgui.text_unformatted(entry.text + (f"  (×{entry.count})" if entry.count > 1 else ""))
            imgui.pop_text_wrap_pos()
            imgui.pop_style_color()
            if entry.details and imgui.tree_node("Parts" if entry.level == "dream" else "Details"):
                if imgui.small_button("Copy"):
                    imgui.set_clipboard_text(format_entry(entry))
                faint(entry.details)
                imgui.tree_pop()
            imgui.pop_id()
        return ui.session


def clock_time(entry: Entry) -> str:
    return time.strftime("%H:%M:%S", time.localtime(entry.when))


def format_entry(entry: Entry) -> str:
    """Format an entry for the clipboard: time and text, then details."""
    return "\n".join(filter(None, (f"{clock_time(entry)}  {entry.text}", entry.details)))
