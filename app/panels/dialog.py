"""Windows without a dock: dialogs at the centre of the screen, covers over the scene, and bars at the scene's lower edge."""

from __future__ import annotations

from imgui_bundle import imgui

from app.panels.context import PanelContext, hint
from app.panels.split import Box

COVER = (
    imgui.WindowFlags_.no_decoration
    | imgui.WindowFlags_.no_docking
    | imgui.WindowFlags_.no_saved_settings
    | imgui.WindowFlags_.no_move
    | imgui.WindowFlags_.no_nav
    | imgui.WindowFlags_.no_scroll_with_mouse
    | imgui.WindowFlags_.no_bring_to_front_on_focus
)
BAR = (
    imgui.WindowFlags_.no_decoration
    | imgui.WindowFlags_.no_docking
    | imgui.WindowFlags_.no_saved_settings
    | imgui.WindowFlags_.no_nav
    | imgui.WindowFlags_.always_auto_resize
)


def begin_dialog(title: str, height: float) -> None:
    """Begin a dialog centred at `height` (0..1) of the screen. Call `imgui.end` after it."""
    view = imgui.get_main_viewport()
    place = imgui.ImVec2(view.pos.x + view.size.x / 2, view.pos.y + view.size.y * height)
    imgui.set_next_window_pos(place, imgui.Cond_.always, imgui.ImVec2(0.5, height))
    imgui.set_next_window_bg_alpha(0.98)
    flags = imgui.WindowFlags_.always_auto_resize | imgui.WindowFlags_.no_saved_settings | imgui.WindowFlags_.no_docking
    flags |= imgui.WindowFlags_.no_collapse | imgui.WindowFlags_.no_move
    imgui.begin(title, None, flags)


def begin_cover(name: str, box: Box, flags: int = 0) -> None:
    """Begin a window that fills a box of the scene, behind all others. flags: additional ones. Call `imgui.end` after it."""
    x, y, width, height = box
    imgui.set_next_window_pos(imgui.ImVec2(x, y))
    imgui.set_next_window_size(imgui.ImVec2(width, height))
    imgui.begin(name, None, COVER | flags)


def begin_bar(name: str, box: Box, scale: float) -> None:
    """Begin a window at the middle of a box's lower edge that fits its content. Call `imgui.end` after it."""
    x, y, width, height = box
    imgui.set_next_window_pos(imgui.ImVec2(x + width / 2, y + height - 14 * scale), pivot=imgui.ImVec2(0.5, 1))
    imgui.begin(name, None, BAR)


def dialog_width(letters: float) -> float:
    """Return the width of a number of letters in points, limited by the screen."""
    return min(imgui.get_font_size() * letters, 0.88 * imgui.get_main_viewport().size.x)


def dialog_height(share: float) -> float:
    """Return a share of the screen's height in points, for the scrolling part of a dialog."""
    return imgui.get_main_viewport().size.y * share


def close_button(ui: PanelContext) -> None:
    """At the right end of the line."""
    label = "\uf00d  Close"
    width = imgui.calc_text_size(label).x + 2 * imgui.get_style().frame_padding.x
    imgui.same_line(imgui.get_window_width() - width - imgui.get_style().window_padding.x)
    if imgui.button(label):
        ui.do("close_pictures")
    hint("Back to the scene (Esc).")
