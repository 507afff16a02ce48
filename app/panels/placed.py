"""Shows a picture over the scene where it would be placed."""

from __future__ import annotations

from collections.abc import Callable

from imgui_bundle import imgui

from app.files.picture import Source
from app.gui.theme import colour
from app.panels.context import PanelContext

OPACITY = 0.8  # of the picture; the scene shines through
Box = tuple[float, float, float, float]  # x, y, width, height


def draw_placed(ui: PanelContext, source: Source, choose: Callable[[float, float], float]) -> None:
    """Draw a framed picture in the middle of the scene. choose: min = fit it into the view, as a splat; max = fill the view."""
    x, y, width, height = place_box(source.picture.shape[1], source.picture.shape[0], ui.scene_box, choose)
    low, high = imgui.ImVec2(x, y), imgui.ImVec2(x + width, y + height)
    left, top, across, down = ui.scene_box
    draw, tint = imgui.get_background_draw_list(), imgui.get_color_u32(imgui.ImVec4(1.0, 1.0, 1.0, OPACITY))
    draw.push_clip_rect(imgui.ImVec2(left, top), imgui.ImVec2(left + across, top + down))
    draw.add_image(ui.picture("source", source.picture), low, high, imgui.ImVec2(0, 0), imgui.ImVec2(1, 1), tint)
    for ink, thick in (("#000000", 5.0), (ui.palette.accent, 2.5)):  # seen on bright and on dark
        draw.add_rect(low, high, imgui.get_color_u32(colour(ink, 0.9)), 0.0, thick * ui.scale)
    draw.pop_clip_rect()


def place_box(columns: int, rows: int, box: Box, choose: Callable[[float, float], float]) -> Box:
    """Return the box of a picture of rows × columns inside another one, placed as `app.actions.image_fit` does: centred, undistorted."""
    x, y, width, height = box
    scale = choose(width / columns, height / rows)
    return x + (width - columns * scale) / 2, y + (height - rows * scale) / 2, columns * scale, rows * scale
