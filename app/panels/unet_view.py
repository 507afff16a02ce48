"""The U-Net in 3D: drag to turn, wheel to zoom, click to select a block, double-click to reset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from imgui_bundle import imgui

from app.gui.theme import Palette, colour
from app.panels.context import PanelContext, hint
from engine.unet_view.drawing import UnetView
from engine.unet_view.flow import call_progress
from engine.unet_view.geometry import Tint, Tints
from engine.unet_view.labels import Label, place_labels
from engine.unet_view.labels import label_corner as place
from engine.unet_view.layout import Anatomy, lay_out
from engine.unet_view.orbit import Orbit, find_block_at

RATE = 30.0  # pictures per second of the animation
STILL = 4.0  # maximum movement of a click in points
HOVERED = 0.5  # strength of the mark on the block under the pointer
NAMED = 460.0  # minimum width in points for block names
BESIDE = 4.0  # points between a text and its block
PLATE = 0.6  # opacity of the plate behind a text
SMALL = 0.85  # text size relative to the normal one


class UnetDiagram:
    """A part of the Network panel. orbit: the camera; corner, size: of the picture, in points of the window and in pixels."""

    def __init__(self) -> None:
        self.orbit = Orbit()
        self.corner, self.size = (0.0, 0.0), (1, 1)
        self._blocks: Sequence[Any] | None = None
        self._anatomy: Anatomy | None = None
        self._moved = 0.0  # points since the button went down

    def draw(
        self, ui: PanelContext, blocks: Sequence[Any], chosen: int, width: float, height: float
    ) -> tuple[int, bool]:
        """Draw into the current window, width × height points; return (selected block, whether to animate the data flow).

        blocks: the same object as long as the inspection is the same
        """
        if self._blocks is not blocks:
            self._blocks, self._anatomy = blocks, lay_out(blocks)
        assert self._anatomy is not None
        anatomy, corner = self._anatomy, imgui.get_cursor_screen_pos()
        imgui.begin_group()
        imgui.set_next_item_allow_overlap()
        imgui.invisible_button("unet", imgui.ImVec2(max(1.0, width), max(1.0, height)))
        dense = max(1.0, imgui.get_io().display_framebuffer_scale.x)  # pixels per point
        size = max(16, round(width * dense)), max(16, round(height * dense))
        self.corner, self.size = (corner.x, corner.y), size
        mouse = imgui.get_mouse_pos()
        at = (mouse.x - corner.x) * dense, (mouse.y - corner.y) * dense
        self._turn(anatomy, size, at)
        camera = self.orbit.camera(anatomy, size)
        over = find_block_at(anatomy, camera, size, at) if imgui.is_item_hovered() else None
        if imgui.is_item_deactivated() and self._moved < STILL * ui.scale and over is not None:
            chosen = over
        marks = {over: HOVERED, chosen: 1.0} if over is not None else {chosen: 1.0}
        scale = ui.scale * dense * min(1.6, max(1.0, height / (300 * ui.scale)))
        view = UnetView(camera, size, tints(ui.palette), tuple(sorted(marks.items())), scale)
        now = call_progress(int(ui.now * RATE) / RATE) if ui.session.view.motion else None
        end = imgui.ImVec2(corner.x + width, corner.y + height)
        draw = imgui.get_window_draw_list()
        draw.add_image_rounded(
            ui.unet(anatomy, view, now), corner, end, imgui.ImVec2(0, 0), imgui.ImVec2(1, 1), 0xFFFFFFFF, 6 * ui.scale
        )
        for label in place_labels(anatomy, camera, size, width > NAMED * ui.scale):
            _write(ui, label, (corner, dense, size), label.block == chosen)
        if over is not None:
            block, ink = blocks[over], imgui.get_color_u32(imgui.Col_.text)
            caption = f"{block.name}: {figures(block, sum(b.seconds for b in blocks))}"
            start = imgui.ImVec2(corner.x + 8 * ui.scale, corner.y + 5 * ui.scale)
            draw.add_text(imgui.get_font(), imgui.get_font_size() * SMALL, start, ink, caption)
        moves = _motion(ui, end)
        imgui.end_group()
        return chosen, moves

    def _turn(self, anatomy: Anatomy, size: tuple[int, int], at: tuple[float, float]) -> None:
        """Turn and zoom by the mouse."""
        io = imgui.get_io()
        if imgui.is_item_activated():
            self._moved = 0.0
        if imgui.is_item_active():
            self._moved += abs(io.mouse_delta.x) + abs(io.mouse_delta.y)
            self.orbit = self.orbit.turn(io.mouse_delta.x, io.mouse_delta.y)
        if imgui.is_item_hovered():
            imgui.set_item_key_owner(imgui.Key.mouse_wheel_y)  # otherwise the panel would scroll
            if io.mouse_wheel:
                self.orbit = self.orbit.zoom_towards(io.mouse_wheel, anatomy, size, at)
            if imgui.is_mouse_double_clicked(imgui.MouseButton_.left):
                self.orbit = Orbit()


def _motion(ui: PanelContext, corner: imgui.ImVec2) -> bool:
    """Draw a small button in the picture's lower right corner that switches the animation."""
    moves, side = ui.session.view.motion, imgui.get_frame_height()
    imgui.set_cursor_screen_pos(imgui.ImVec2(corner.x - side - 4 * ui.scale, corner.y - side - 4 * ui.scale))
    imgui.push_style_color(imgui.Col_.button, imgui.ImVec4(0, 0, 0, 0))
    if imgui.button("\uf04c##motion" if moves else "\uf04b##motion", imgui.ImVec2(side, side)):
        moves = not moves
    imgui.pop_style_color()
    hint("Animate the data flow. It pauses at each block in proportion to its time; brighter means more data.")
    return moves


def figures(block: Any, whole: float) -> str:
    """Describe a block. whole: seconds of all blocks."""
    channels, height, width = block.shape
    return f"{channels} channels of {width}×{height}, {block.seconds / whole:.0%} of the time"


def tints(palette: Palette) -> Tints:
    """Return the diagram's colours for a theme."""
    return Tints(
        ground=_rgb(palette.ground),
        glow=_rgb(palette.field),
        rim=_rgb(palette.faint),
        marked=_rgb(palette.ink),
        flow=_rgb(palette.faint),
        bridge=_rgb(palette.good),
        words=_rgb(palette.accent),
    )


def _write(ui: PanelContext, label: Label, box: tuple[imgui.ImVec2, float, tuple[int, int]], strong: bool) -> None:
    """Write a label. box: the picture's upper left corner, pixels per point, and size in pixels."""
    corner, dense, size = box
    tall, wide = imgui.get_font_size() * SMALL, imgui.calc_text_size(label.text).x * SMALL
    x, y = place(label, wide * dense, tall * dense, size, BESIDE * ui.scale * dense)
    ink = imgui.get_color_u32(colour(ui.palette.ink if strong else ui.palette.faint))
    at = imgui.ImVec2(corner.x + x / dense, corner.y + y / dense)
    draw, rim = imgui.get_window_draw_list(), 2 * ui.scale
    ground = imgui.get_color_u32(colour(ui.palette.ground, PLATE))  # paths may pass behind it
    plate = imgui.ImVec2(at.x - rim, at.y), imgui.ImVec2(at.x + wide + rim, at.y + tall)
    draw.add_rect_filled(*plate, ground, 2 * rim)
    draw.add_text(imgui.get_font(), tall, at, ink, label.text)


def _rgb(hexadecimal: str) -> Tint:
    tint = colour(hexadecimal)
    return tint.x, tint.y, tint.z
