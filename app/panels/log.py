"""The log panel: messages, and errors with their details."""

from __future__ import annotations

import time

from imgui_bundle import imgui

from app.gui.theme import colour
from app.panels.context import PanelContext, faint
from app.session import Session


class LogPanel:
    title = "Log"

    def draw(self, ui: PanelContext) -> Session:
        entries = list(ui.log.entries)
        if not entries:
            faint("No messages yet.")
        tint = {"warning": ui.palette.warning, "error": ui.palette.bad}
        for i, entry in enumerate(reversed(entries)):
            imgui.push_id(len(entries) - i)
            imgui.text_disabled(time.strftime("%H:%M:%S", time.localtime(entry.when)))
            imgui.same_line()
            imgui.push_style_color(imgui.Col_.text, colour(tint.get(entry.level, ui.palette.ink)))
            imgui.push_text_wrap_pos(0.0)
            imgui.text_unformatted(entry.text + (f"  (×{entry.count})" if entry.count > 1 else ""))
            imgui.pop_text_wrap_pos()
            imgui.pop_style_color()
            if entry.details and imgui.tree_node("Details"):
                if imgui.small_button("Copy"):
                    imgui.set_clipboard_text(f"{entry.text}\n{entry.details}")
                faint(entry.details)
                imgui.tree_pop()
            imgui.pop_id()
        return ui.session
