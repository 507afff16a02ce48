"""The scene's map as a picture to paint on: brush, fill, pick, zoom and pan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from imgui_bundle import imgui

from app.gui.theme import colour
from app.panels.context import PanelContext, choice, hint
from scenes import edit_map
from scenes.scene import EMPTY, Scene

TOOLS = {
    "brush": ("\uf1fc", "Brush: paint blocks with the selected material."),
    "fill": ("\uf575", "Fill: replace a connected area."),
    "pick": ("\uf1fb", "Pick: select the material under the pointer. The right button picks with any tool."),
}
LARGEST = 24  # blocks, of the brush
PIXELS = 480  # along the longer side of the picture, at least: so that blocks have sharp edges
NOT_ON_MAP = -1
GROUND = (28, 32, 40)  # empty ground
ZOOM = 32.0


@dataclass(frozen=True)
class Frame:
    """Which part of a map (width, depth in blocks) is seen in a box of the screen. corner: its first block; blocks: its size."""

    corner: tuple[float, float]
    blocks: float  # along the box's width
    box: tuple[float, float, float, float]  # x, y, width, height in points

    def place(self, x: float, y: float) -> tuple[float, float]:
        """(x, z) on the map of a point of the screen."""
        scale = self.blocks / self.box[2]
        return self.corner[0] + (x - self.box[0]) * scale, self.corner[1] + (y - self.box[1]) * scale

    def point(self, x: float, z: float) -> tuple[float, float]:
        """The point of the screen of a place on the map."""
        scale = self.box[2] / self.blocks
        return self.box[0] + (x - self.corner[0]) * scale, self.box[1] + (z - self.corner[1]) * scale


def frame(
    size: tuple[int, int], box: tuple[float, float, float, float], zoom: float, centre: tuple[float, float]
) -> Frame:
    """The part of a map of `size` (width, depth) that a box of its shape shows; never beyond the map's edges."""
    width, depth = size
    seen = width / zoom, depth / zoom
    corner = tuple(min(max(c - s / 2, 0.0), n - s) for c, s, n in zip(centre, seen, size, strict=True))
    return Frame((corner[0], corner[1]), seen[0], box)


class MapView:
    """value: what is chosen and painted with, a map value (0 is empty ground), or NOT_ON_MAP for the sky."""

    def __init__(self) -> None:
        self.value = 1
        self.tool, self.size = "brush", 1
        self.seen: Frame | None = None  # what was drawn last
        self._zoom, self._centre = 1.0, (0.0, 0.0)
        self._last: tuple[float, float] | None = None  # where the running stroke is
        self._picture: tuple[Scene, np.ndarray] | None = None

    def draw(self, ui: PanelContext, scene: Scene, room: float) -> float:
        """The map, at most `room` wide. Returns its height in points."""
        depth, width = scene.map.shape
        scale = min(room / width, max(160 * ui.scale, room) / depth)
        shape = width * scale, depth * scale
        corner = imgui.get_cursor_screen_pos()
        buttons = imgui.ButtonFlags_.mouse_button_left | imgui.ButtonFlags_.mouse_button_right
        imgui.invisible_button("map", imgui.ImVec2(*shape), buttons | imgui.ButtonFlags_.mouse_button_middle)
        view = self.seen = frame((width, depth), (corner.x, corner.y, *shape), self._zoom, self._centre)
        self._show(ui, scene, view)
        self._hands(ui, scene, view)
        return shape[1]

    def tools(self, ui: PanelContext) -> None:
        """A row of buttons, and the brush's size."""
        for name, (icon, text) in TOOLS.items():
            if choice(f"{icon}##{name}", name == self.tool):
                self.tool = name
            hint(text)
            imgui.same_line()
        style = imgui.get_style()
        button = imgui.calc_text_size("\uf0e2").x + 2 * style.frame_padding.x + style.item_spacing.x
        imgui.set_next_item_width(-2 * button)
        imgui.begin_disabled(self.tool != "brush")
        _, self.size = imgui.slider_int(
            "##size", self.size, 1, LARGEST, "%d wide", imgui.SliderFlags_.always_clamp | imgui.SliderFlags_.logarithmic
        )
        hint("Brush width in blocks.")
        imgui.end_disabled()
        for icon, action, text in (("\uf0e2", "undo", "Undo"), ("\uf01e", "redo", "Redo")):
            imgui.same_line()
            if imgui.button(f"{icon}##{action}"):
                ui.do(action)
            hint(f"{text} the last change to the scene, the paint or a setting.")

    def _show(self, ui: PanelContext, scene: Scene, view: Frame) -> None:
        if self._picture is None or self._picture[0] is not scene:
            kept = (
                self._picture[1]
                if self._picture is not None and _same_look(self._picture[0], scene)
                else picture(scene)
            )
            self._picture = scene, kept
        draw = imgui.get_window_draw_list()
        x, y, w, h = view.box
        depth, width = scene.map.shape
        part = view.blocks / width
        first = imgui.ImVec2(view.corner[0] / width, view.corner[1] / depth)
        last = imgui.ImVec2(first.x + part, first.y + part)
        low, high = imgui.ImVec2(x, y), imgui.ImVec2(x + w, y + h)
        draw.add_image(ui.picture("map", self._picture[1]), low, high, first, last)
        draw.push_clip_rect(low, high, True)
        _draw_camera(ui, view)
        draw.pop_clip_rect()

    def _hands(self, ui: PanelContext, scene: Scene, view: Frame) -> None:
        """What the mouse does on the map."""
        mouse = imgui.get_mouse_pos()
        here = view.place(mouse.x, mouse.y)
        held = imgui.is_item_active()
        if imgui.is_item_hovered():
            imgui.set_item_key_owner(imgui.Key.mouse_wheel_y)  # or the panel would scroll
            self._zoom_at(here, view, scene, imgui.get_io().mouse_wheel)
            self._draw_cursor(ui, scene, view, here)
        if held and imgui.is_mouse_dragging(imgui.MouseButton_.middle, 0):
            moved = imgui.get_io().mouse_delta
            scale = view.blocks / view.box[2]
            x, z = view.corner[0] + view.blocks / 2, view.corner[1] + view.box[3] * scale / 2
            self._centre = x - moved.x * scale, z - moved.y * scale
        if held and (imgui.is_mouse_down(imgui.MouseButton_.right) or self.tool == "pick"):
            self.value = _or(edit_map.pick_value(scene, here), self.value)
        elif held and imgui.is_mouse_down(imgui.MouseButton_.left):
            self._paint(ui, here)
        else:
            self._last = None

    def _paint(self, ui: PanelContext, here: tuple[float, float]) -> None:
        before, self._last = self._last, here
        if self.value == NOT_ON_MAP:
            return
        if self.tool == "brush" and here != before:
            ui.do("edit_scene", partial(_stroke, before or here, here, self.size, self.value))
        elif self.tool == "fill" and before is None:
            ui.do("edit_scene", partial(_fill, here, self.value))

    def _zoom_at(self, here: tuple[float, float], view: Frame, scene: Scene, clicks: float) -> None:
        """The place under the pointer stays there."""
        if not clicks:
            return
        before, self._zoom = self._zoom, float(np.clip(self._zoom * 1.25**clicks, 1.0, ZOOM))
        size = np.array(scene.map.shape[::-1]) / before
        middle = np.array(view.corner) + size / 2
        self._centre = tuple(np.array(here) + (middle - here) * before / self._zoom)  # type: ignore[assignment]

    def _draw_cursor(self, ui: PanelContext, scene: Scene, view: Frame, here: tuple[float, float]) -> None:
        value = edit_map.pick_value(scene, here)
        if value is None:
            return
        draw, scale = imgui.get_window_draw_list(), view.box[2] / view.blocks
        ink = imgui.get_color_u32(colour("#ffffff", 0.9))
        if self.tool == "brush" and self.size > 1:
            draw.add_circle(imgui.ImVec2(*view.point(*here)), self.size / 2 * scale, ink, 0, 1.5 * ui.scale)
        else:
            x, z = int(here[0]), int(here[1])
            draw.add_rect(imgui.ImVec2(*view.point(x, z)), imgui.ImVec2(*view.point(x + 1, z + 1)), ink)
        name = "empty ground" if value == EMPTY else scene.materials[value - 1].name
        imgui.set_tooltip(f"{name} at {int(here[0])}, {int(here[1])}")


def picture(scene: Scene) -> np.ndarray:
    """uint8 [Z·k,X·k,3]: the map in the materials' display colours, whole times as large; empty ground is a dark floor."""
    floor = next((m.display for m in scene.materials if m.name == scene.floor), GROUND)
    bare = 0.65 * np.array(floor) + 0.35 * np.array(GROUND)
    table = np.array([bare, *(m.display for m in scene.materials)], np.uint8)
    times = max(1, PIXELS // max(scene.map.shape))
    return table[scene.map].repeat(times, axis=0).repeat(times, axis=1)


def _same_look(a: Scene, b: Scene) -> bool:
    shades = [[m.display for m in s.materials] for s in (a, b)]
    return a.map is b.map and a.floor == b.floor and shades[0] == shades[1]


def _draw_camera(ui: PanelContext, view: Frame) -> None:
    """Where one stands, and where one looks."""
    x, _, z = ui.camera.position
    forward = ui.camera.axes[2][[0, 2]]
    forward = forward / max(float(np.linalg.norm(forward)), 1e-6)
    side = np.array([-forward[1], forward[0]])
    middle, reach = np.array(view.point(x, z)), 9 * ui.scale
    corners = [middle + forward * reach, middle - forward * reach * 0.6 + side * reach * 0.6]
    corners.append(middle - forward * reach * 0.6 - side * reach * 0.6)
    a, b, c = (imgui.ImVec2(*corner) for corner in corners)
    draw = imgui.get_window_draw_list()
    draw.add_triangle_filled(a, b, c, imgui.get_color_u32(colour(ui.palette.accent)))
    draw.add_triangle(a, b, c, imgui.get_color_u32(colour("#000000", 0.8)), 1.5 * ui.scale)


def _stroke(start: tuple[float, float], end: tuple[float, float], size: int, value: int, scene: Scene) -> Scene:
    return edit_map.paint_stroke(scene, start, end, size, value)


def _fill(place: tuple[float, float], value: int, scene: Scene) -> Scene:
    return edit_map.fill_area(scene, place, value)


def _or(value: int | None, default: int) -> int:
    return default if value is None else value
