"""The menu bar, made from the table of actions."""

from __future__ import annotations

from pathlib import Path

from imgui_bundle import imgui

from app.panels.context import PanelContext, hint, shorten_to_width
from app.state.keymap import ACTIONS, MENUS, captions
from scenes.load import BUILTIN


def draw_menu(ui: PanelContext, theme: str) -> None:
    if not imgui.begin_main_menu_bar():
        return
    for menu in MENUS:
        if imgui.begin_menu(menu):
            for action in ACTIONS:
                if action.menu == menu:
                    keys = captions(action, ui.bindings, ui.key_captions).split(", ")[0]
                    reason = ui.why_not(action.name)
                    if imgui.menu_item_simple(action.title, keys, enabled=not reason):
                        ui.do(action.name)
                    hint(f"{action.help} {reason}".strip())
                if action.name == "open" and menu == action.menu:
                    _recent(ui)
                if action.name == "load_world" and menu == action.menu:
                    _versions(ui)
            imgui.end_menu()
    _status(ui)
    imgui.end_main_menu_bar()


def _status(ui: PanelContext) -> None:
    """Draw the status at the right, shortened to the room; the tooltip has all of it."""
    space = imgui.get_style().item_spacing.x
    left, right = imgui.get_cursor_pos_x() + space, imgui.get_window_width() - 2 * space
    text = shorten_to_width(ui.status, right - left)
    imgui.same_line(max(left, right - imgui.calc_text_size(text).x))
    imgui.text_disabled(text)
    hint(ui.status if text != ui.status else "")


def _recent(ui: PanelContext) -> None:
    """Draw the recently opened files by name; tooltips show their folders."""
    if imgui.begin_menu("Open recent", bool(ui.recent)):
        for name in ui.recent:
            path = Path(name)
            if imgui.menu_item_simple(f"{path.name.capitalize() if name in BUILTIN else path.name}##{name}"):
                ui.do("open_recent", name)
            hint("Built-in scene." if name in BUILTIN else name)
        imgui.end_menu()


def _versions(ui: PanelContext) -> None:
    """Draw the earlier versions of this scene's world file, newest first."""
    versions = ui.versions()
    if imgui.begin_menu("Earlier versions", bool(versions)):
        for path in versions:
            if imgui.menu_item_simple(path.stem):
                ui.do("load_version", path)
            hint(f"Load this earlier version (time in UTC). The file is {path}.")
        imgui.end_menu()
