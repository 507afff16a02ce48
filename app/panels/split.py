"""Two pictures in one place, divided by a draggable line."""

from __future__ import annotations

from typing import Any

from imgui_bundle import imgui

Box = tuple[float, float, float, float]  # x, y, width, height in points
GRIP = 9.0  # radius of the handle, points


class Split:
    """place: position of the line, 0..1 from the left."""

    def __init__(self) -> None:
        self.place = 0.5

    def draw(
        self,
        pictures: tuple[Any, Any],
        box: Box,
        scale: float,
        labels: tuple[str, str] = ("", ""),
        part: Box = (0.0, 0.0, 1.0, 1.0),
    ) -> None:
        """Draw into the current window. pictures: left and right, None = nothing; part: the part of the pictures to show, as shares."""
        x, y, width, height = box
        imgui.set_cursor_screen_pos(imgui.ImVec2(x, y))
        imgui.invisible_button("split", imgui.ImVec2(max(1.0, width), max(1.0, height)))
        if imgui.is_item_active():
            self.place = min(1.0, max(0.0, (imgui.get_mouse_pos().x - x) / max(1.0, width)))
        if imgui.is_item_hovered() or imgui.is_item_active():
            imgui.set_mouse_cursor(imgui.MouseCursor_.resize_ew)
        draw, line = imgui.get_window_draw_list(), x + self.place * width
        left, top, wide, tall = part
        low, high = imgui.ImVec2(left, top), imgui.ImVec2(left + wide, top + tall)
        for picture, start, end in ((pictures[0], x, line), (pictures[1], line, x + width)):
            if picture is None:
                continue
            draw.push_clip_rect(imgui.ImVec2(start, y), imgui.ImVec2(end, y + height), True)
            draw.add_image(picture, imgui.ImVec2(x, y), imgui.ImVec2(x + width, y + height), low, high)
            draw.pop_clip_rect()
        self._line(draw, line, y, height, scale)
        for text, right in zip(labels, (False, True), strict=True):
            if text:
                draw_label(draw, text, (x + width if right else x, y), right, scale)

    def _line(self, draw: Any, x: float, y: float, height: float, scale: float) -> None:
        """Draw the line, white with a dark rim, so that it is visible on any picture."""
        white, dark = imgui.IM_COL32(255, 255, 255, 235), imgui.IM_COL32(0, 0, 0, 140)
        ends = imgui.ImVec2(x, y), imgui.ImVec2(x, y + height)
        draw.add_line(*ends, dark, 4 * scale)
        draw.add_line(*ends, white, 2 * scale)
        middle = imgui.ImVec2(x, y + height / 2)
        draw.add_circle_filled(middle, (GRIP + 1) * scale, dark)
        draw.add_circle_filled(middle, GRIP * scale, white)
        for side in (-1, 1):
            tip, base, half = x + side * 6 * scale, x + side * 2.5 * scale, 3.5 * scale
            draw.add_triangle_filled(
                imgui.ImVec2(tip, middle.y),
                imgui.ImVec2(base, middle.y - half),
                imgui.ImVec2(base, middle.y + half),
                imgui.IM_COL32(40, 40, 40, 255),
            )


def draw_label(draw: Any, text: str, corner: tuple[float, float], right: bool, scale: float) -> None:
    """Draw a label on a dark plate in an upper corner."""
    size, rim = imgui.calc_text_size(text), 6 * scale
    x = corner[0] - size.x - 3 * rim if right else corner[0] + rim
    y = corner[1] + rim
    plate = imgui.ImVec2(x, y), imgui.ImVec2(x + size.x + 2 * rim, y + size.y + rim)
    draw.add_rect_filled(*plate, imgui.IM_COL32(0, 0, 0, 170), 4 * scale)
    draw.add_text(imgui.ImVec2(x + rim, y + rim / 2), imgui.IM_COL32(255, 255, 255, 255), text)
