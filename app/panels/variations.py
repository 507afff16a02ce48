"""Shows variations over the scene in a grid; a click keeps one."""

from __future__ import annotations

from typing import Any

from imgui_bundle import imgui

from app.gui.theme import colour
from app.panels.context import PanelContext, hint
from app.panels.split import Box
from app.state.comparison import Comparison

COLUMNS = 2
GAP = 6.0  # points between pictures


def draw_variations(ui: PanelContext, comparison: Comparison, box: Box, pictures: list[Any]) -> None:
    """pictures: of the sides, for ImGui; None before one began."""
    x, y, width, height = box
    imgui.set_next_window_pos(imgui.ImVec2(x, y))
    imgui.set_next_window_size(imgui.ImVec2(width, height))
    flags = imgui.WindowFlags_.no_decoration | imgui.WindowFlags_.no_docking | imgui.WindowFlags_.no_saved_settings
    flags |= imgui.WindowFlags_.no_move | imgui.WindowFlags_.no_nav | imgui.WindowFlags_.no_scroll_with_mouse
    imgui.push_style_var(imgui.StyleVar_.window_padding, imgui.ImVec2(0, 0))
    imgui.begin("##variations", None, flags | imgui.WindowFlags_.no_bring_to_front_on_focus)
    imgui.pop_style_var()
    part = comparison.part(width / max(1.0, height))
    for number, picture in enumerate(pictures):
        _cell(ui, comparison, number, picture, cell_box(box, number, ui.scale), part)
    imgui.end()
    _choice(ui, comparison, box)


def cell_box(box: Box, number: int, scale: float) -> Box:
    """Where a variation is shown: a part of the box with its proportions."""
    x, y, width, height = box
    gap = GAP * scale
    wide, tall = (width - gap) / COLUMNS, (height - gap) / COLUMNS
    return x + number % COLUMNS * (wide + gap), y + number // COLUMNS * (tall + gap), wide, tall


def _cell(ui: PanelContext, comparison: Comparison, number: int, picture: Any, cell: Box, part: Box) -> None:
    x, y, width, height = cell
    side, draw = comparison.sides[number], imgui.get_window_draw_list()
    low, high = imgui.ImVec2(x, y), imgui.ImVec2(x + width, y + height)
    imgui.set_cursor_screen_pos(low)
    if imgui.invisible_button(f"variation {number}", imgui.ImVec2(max(1.0, width), max(1.0, height))) and side.dreamed:
        ui.do("keep_compared", number)
    hovered = imgui.is_item_hovered() and side.dreamed is not None
    if picture is not None:
        left, top, wide, tall = part
        draw.add_image(picture, low, high, imgui.ImVec2(left, top), imgui.ImVec2(left + wide, top + tall))
    else:
        draw.add_rect_filled(low, high, imgui.get_color_u32(imgui.Col_.window_bg))
    text = side.label if side.dreamed else f"{side.label} …"
    corner, size, pad = imgui.ImVec2(x + 10 * ui.scale, y + 8 * ui.scale), imgui.calc_text_size(text), 4 * ui.scale
    draw.add_rect_filled(
        imgui.ImVec2(corner.x - pad, corner.y - pad / 2),
        imgui.ImVec2(corner.x + size.x + pad, corner.y + size.y + pad / 2),
        imgui.get_color_u32(colour("#000000", 0.6)),
        3 * ui.scale,
    )
    draw.add_text(corner, imgui.get_color_u32(colour("#ffffff")), text)
    if hovered:
        imgui.set_mouse_cursor(imgui.MouseCursor_.hand)
        draw.add_rect(low, high, imgui.get_color_u32(colour(ui.palette.accent)), 0.0, 3 * ui.scale)


def _choice(ui: PanelContext, comparison: Comparison, box: Box) -> None:
    """Below the pictures: what is going on, and the ways out."""
    x, y, width, height = box
    imgui.set_next_window_pos(imgui.ImVec2(x + width / 2, y + height - 14 * ui.scale), pivot=imgui.ImVec2(0.5, 1))
    flags = imgui.WindowFlags_.no_decoration | imgui.WindowFlags_.no_docking | imgui.WindowFlags_.always_auto_resize
    imgui.begin("##variation choice", None, flags | imgui.WindowFlags_.no_saved_settings | imgui.WindowFlags_.no_nav)
    imgui.align_text_to_frame_padding()
    done = comparison.open_scene.painter.status_text if not comparison.done else "Click the one to keep."
    imgui.text_unformatted(done)
    imgui.same_line()
    if imgui.button("\uf522  Other four"):
        ui.do("vary_again")
    hint("Dream four more, with the next seeds.")
    imgui.same_line()
    if imgui.button("Discard all"):
        ui.do("stop_comparing")
    hint("Change nothing (Esc).")
    imgui.end()
