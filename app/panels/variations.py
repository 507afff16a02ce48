"""Shows variations over the scene in a grid; a click keeps one."""

from __future__ import annotations

from typing import Any

from imgui_bundle import imgui

from app.gui.theme import colour
from app.panels.context import PanelContext, hint
from app.panels.dialog import begin_bar, begin_cover
from app.panels.split import Box, draw_label
from app.state.comparison import Comparison

COLUMNS = 2
GAP = 6.0  # points between pictures


def draw_variations(ui: PanelContext, comparison: Comparison, box: Box, pictures: list[Any]) -> None:
    """Draw the variations. pictures: of the sides; None before their dream started."""
    imgui.push_style_var(imgui.StyleVar_.window_padding, imgui.ImVec2(0, 0))
    begin_cover("##variations", box)
    imgui.pop_style_var()
    part = comparison.part(box[2] / max(1.0, box[3]))
    for number, picture in enumerate(pictures):
        _cell(ui, comparison, number, picture, cell_box(box, number, ui.scale), part)
    imgui.end()
    _choice(ui, comparison, box)


def cell_box(box: Box, number: int, scale: float) -> Box:
    """Return the cell of a variation: a part of the box with the same aspect ratio."""
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
    draw_label(draw, side.label if side.dreamed else f"{side.label} …", (x, y), False, ui.scale)
    if hovered:
        imgui.set_mouse_cursor(imgui.MouseCursor_.hand)
        draw.add_rect(low, high, imgui.get_color_u32(colour(ui.palette.accent)), 0.0, 3 * ui.scale)


def _choice(ui: PanelContext, comparison: Comparison, box: Box) -> None:
    """Draw the status and the buttons below the pictures."""
    begin_bar("##variation choice", box, ui.scale)
    imgui.align_text_to_frame_padding()
    done = comparison.open_scene.painter.status_text if not comparison.done else "Click the one to keep."
    imgui.text_unformatted(done)
    imgui.same_line()
    if imgui.button("\uf522  Four more"):
        ui.do("vary_again")
    hint("Dream four more, with the next seeds.")
    imgui.same_line()
    if imgui.button("Discard all"):
        ui.do("stop_comparing")
    hint("Change nothing (Esc).")
    imgui.end()
