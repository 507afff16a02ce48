"""The brush: a row of tools for panels, and its circle and mask over the scene."""

from __future__ import annotations

import numpy as np
from imgui_bundle import imgui

from app.gui.theme import colour
from app.panels.context import PanelContext, choice, hint
from app.state.brush import LARGEST, SMALLEST, TOOLS, SoftMask

ICONS = {"freeze": "\uf2dc", "thaw": "\uf06d", "erase": "\uf12d", "mask": "\uf1fc", "unmask": "\uf51b"}
MARK = (255, 96, 64)  # the soft mask over the scene


class BrushTools:
    """Buttons for some tools, and the brush's size."""

    def __init__(self, *tools: str) -> None:
        self.tools = tools

    def draw(self, ui: PanelContext) -> None:
        brush = ui.brush
        room = imgui.get_content_region_avail().x + imgui.get_style().item_spacing.x
        width = room / len(self.tools) - imgui.get_style().item_spacing.x
        for name in self.tools:
            chosen = brush.tool == name
            if choice(f"{ICONS[name]}  {name.capitalize()}", chosen, width):
                ui.do("brush", "" if chosen else name)
            hint(TOOLS[name].words)
            if name != self.tools[-1]:
                imgui.same_line()
        imgui.set_next_item_width(-1)
        flags = imgui.SliderFlags_.logarithmic | imgui.SliderFlags_.always_clamp
        changed, radius = imgui.slider_float("##radius", brush.radius, SMALLEST, LARGEST, "radius %.0f", flags)
        if changed:
            brush.radius = radius
        hint("Brush radius on screen. Over the scene, use the mouse wheel or [ and ].")


class BrushOverlay:
    """Draws the brush and its mask over the scene. The mask is shown until it is repainted, or while a mask tool is selected."""

    def __init__(self) -> None:
        self._marks: tuple[np.ndarray, np.ndarray] | None = None  # the mask's values and their picture

    def draw(self, ui: PanelContext) -> None:
        x, y, width, height = ui.scene_box
        draw = imgui.get_background_draw_list()
        draw.push_clip_rect(imgui.ImVec2(x, y), imgui.ImVec2(x + width, y + height))
        self._draw_marks(ui, ui.brush.mask, draw)
        io = imgui.get_io()
        mouse = io.mouse_pos
        if ui.brush.tool and not io.want_capture_mouse and x <= mouse.x < x + width and y <= mouse.y < y + height:
            for tint, extra in (("#000000", 1.5), ("#ffffff", 0.0)):
                ink = imgui.get_color_u32(colour(tint, 0.8))
                draw.add_circle(mouse, (ui.brush.radius + extra) * ui.scale, ink, 0, 1.5 * ui.scale)
            if _marks(ui):  # the brush is soft beyond this circle
                draw.add_circle(mouse, ui.brush.radius / 2 * ui.scale, imgui.get_color_u32(colour("#ffffff", 0.4)))
        draw.pop_clip_rect()

    def _draw_marks(self, ui: PanelContext, mask: SoftMask, draw: imgui.ImDrawList) -> None:
        values = mask.of(ui.camera)
        if values is None or (mask.spent and not _marks(ui)):
            return
        if self._marks is None or self._marks[0] is not values:
            picture = np.empty((*values.shape, 4), np.uint8)
            picture[..., :3], picture[..., 3] = MARK, values * 150
            self._marks = values, picture
        x, y, width, height = ui.scene_box
        draw.add_image(ui.picture("marks", self._marks[1]), imgui.ImVec2(x, y), imgui.ImVec2(x + width, y + height))


def _marks(ui: PanelContext) -> bool:
    """Whether the selected tool changes the mask."""
    return bool(ui.brush.tool and TOOLS[ui.brush.tool].marks)
