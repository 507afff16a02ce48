"""Dialogs: windows at the centre of the screen, in front of all others."""

from __future__ import annotations

from imgui_bundle import imgui


def begin_dialog(title: str, height: float) -> None:
    """Begin a dialog centred at `height` (0..1) of the screen. Call `imgui.end` after it."""
    view = imgui.get_main_viewport()
    place = imgui.ImVec2(view.pos.x + view.size.x / 2, view.pos.y + view.size.y * height)
    imgui.set_next_window_pos(place, imgui.Cond_.always, imgui.ImVec2(0.5, height))
    imgui.set_next_window_bg_alpha(0.98)
    flags = imgui.WindowFlags_.always_auto_resize | imgui.WindowFlags_.no_saved_settings | imgui.WindowFlags_.no_docking
    flags |= imgui.WindowFlags_.no_collapse | imgui.WindowFlags_.no_move
    imgui.begin(title, None, flags)


def dialog_width(letters: float) -> float:
    """The width of so many letters, in points, limited by the screen."""
    return min(imgui.get_font_size() * letters, 0.88 * imgui.get_main_viewport().size.x)


def dialog_height(share: float) -> float:
    """A share of the screen's height, in points, for the scrolling part of a dialog."""
    return imgui.get_main_viewport().size.y * share
