"""The scene's map as a picture to paint on with the tools of `map_tools`, with zoom and pan."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from imgui_bundle import imgui

from app.gui.theme import colour
from app.panels.context import PanelContext, choice, hint
from app.panels.map_tools import TOOLS, Hand, MapBrush, Shown, colours, name_value
from app.state.builder import NOT_ON_MAP
from base import grid
from scenes import edit_map
from scenes.scene import Colour, Scene
from scenes.shapes import Place

PIXELS = 480  # minimum length of the picture's longer side, so that blocks have sharp edges
GROUND = (28, 32, 40)  # empty ground
ZOOM = 32.0
GAP = 3.0  # points between two buttons


@dataclass(frozen=True)
class Frame:
    """The part of a map that a box of the screen shows. corner: its first block; blocks: its width."""

    corner: tuple[float, float]
    blocks: float  # along the box's width
    box: tuple[float, float, float, float]  # x, y, width, height in points

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Convert a point of the screen to (x, z) on the map."""
        scale = self.blocks / self.box[2]
        return self.corner[0] + (x - self.box[0]) * scale, self.corner[1] + (y - self.box[1]) * scale

    def point(self, x: float, z: float) -> tuple[float, float]:
        """Convert a place on the map to a point of the screen."""
        scale = self.box[2] / self.blocks
        return self.box[0] + (x - self.corner[0]) * scale, self.box[1] + (z - self.corner[1]) * scale


def frame(
    size: tuple[int, int], box: tuple[float, float, float, float], zoom: float, centre: tuple[float, float]
) -> Frame:
    """Return the visible part of a map of `size` (width, depth) in a box, clamped to the map's edges."""
    width, depth = size
    seen = width / zoom, depth / zoom
    corner = tuple(min(max(c - s / 2, 0.0), n - s) for c, s, n in zip(centre, seen, size, strict=True))
    return Frame((corner[0], corner[1]), seen[0], box)


class MapView:
    """The map with its tools. brush: material and options of the tools; tool: key of TOOLS; seen: the part drawn last."""

    def __init__(self) -> None:
        self.brush, self.tool = MapBrush(), "brush"
        self.seen: Frame | None = None
        self._zoom, self._centre = 1.0, (0.0, 0.0)
        self._hand: Hand | None = None  # while the left button is held
        self._pressed_at = 0.0  # points, y down
        self._picture: tuple[Scene, np.ndarray] | None = None
        self._preview: tuple[tuple[object, ...], np.ndarray] | None = None

    @property
    def value(self) -> int:
        """The selected map value (0 is empty ground), or NOT_ON_MAP for the sky."""
        return self.brush.value

    @value.setter
    def value(self, value: int) -> None:
        self.brush.value = value

    @property
    def _can_use(self) -> bool:
        """Whether the tool can be used: painting tools need a material that can be on the map."""
        return self.value != NOT_ON_MAP or not TOOLS[self.tool].paints

    def draw(self, ui: PanelContext, scene: Scene, room: float) -> float:
        """Draw the map, at most `room` points wide. Returns its height in points."""
        depth, width = scene.map.shape
        tall = max(160 * ui.scale, min(room, imgui.get_window_size().y * 0.46))  # leaves the fields below visible
        scale = min(room / width, tall / depth)
        shape = width * scale, depth * scale
        corner = imgui.get_cursor_screen_pos()
        buttons = imgui.ButtonFlags_.mouse_button_left | imgui.ButtonFlags_.mouse_button_right
        imgui.invisible_button("map", imgui.ImVec2(*shape), buttons | imgui.ButtonFlags_.mouse_button_middle)
        view = self.seen = frame((width, depth), (corner.x, corner.y, *shape), self._zoom, self._centre)
        self._show(ui, scene, view)
        self._hands(ui, scene, view)
        return shape[1]

    def tools(self, ui: PanelContext) -> None:
        """Draw a row of tool buttons, and a row with the options of the selected tool."""
        gap = GAP * ui.scale
        width = (imgui.get_content_region_avail().x - gap * (len(TOOLS) + 1)) / (len(TOOLS) + 2)
        for name, tool in TOOLS.items():
            if choice(f"{tool.icon}##{name}", name == self.tool, width):
                self.tool = name
            hint(tool.help)
            imgui.same_line(0, gap)
        for icon, action, text in (("\uf0e2", "undo", "Undo"), ("\uf01e", "redo", "Redo")):
            if imgui.button(f"{icon}##{action}", imgui.ImVec2(width, 0)):
                ui.do(action)
            hint(f"{text} the last change to the scene, the paint or a setting.")
            if action == "undo":
                imgui.same_line(0, gap)
        TOOLS[self.tool].options(ui, self.brush)

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
        """Handle the mouse on the map."""
        mouse, io = imgui.get_mouse_pos(), imgui.get_io()
        here = view.place(mouse.x, mouse.y)
        held, hovered = imgui.is_item_active(), imgui.is_item_hovered()
        if hovered:
            imgui.set_item_key_owner(imgui.Key.mouse_wheel_y)  # otherwise the panel would scroll
            self._zoom_at(here, view, scene, io.mouse_wheel)
        if held and imgui.is_mouse_dragging(imgui.MouseButton_.middle, 0):
            moved = io.mouse_delta
            scale = view.blocks / view.box[2]
            x, z = view.corner[0] + view.blocks / 2, view.corner[1] + view.box[3] * scale / 2
            self._centre = x - moved.x * scale, z - moved.y * scale
        if held and imgui.is_mouse_down(imgui.MouseButton_.right):
            TOOLS["pick"].use(ui, self.brush, Hand(here))
            self._hand = None
        elif imgui.is_item_activated() and imgui.is_mouse_down(imgui.MouseButton_.left):
            self._hand, self._pressed_at = Hand(here, start=here, scene=scene), mouse.y
        if imgui.is_key_pressed(imgui.Key.escape, False):
            self._hand = None  # cancel drawing; a dragged height stays and can be undone
        hand = self._use(ui, here, mouse.y, io.key_shift)
        if hovered or hand.start:
            self._draw_hand(ui, scene, view, hand)

    def _use(self, ui: PanelContext, here: Place, y: float, shift: bool) -> Hand:
        """Use the tool while the left button is down. Returns this frame's pointer state."""
        begun = self._hand
        if begun is None:
            return Hand(here, shift=shift)
        down = imgui.is_mouse_down(imgui.MouseButton_.left)
        hand = begun._replace(here=here, rise=self._pressed_at - y, released=not down, shift=shift)
        if self._can_use:
            TOOLS[self.tool].use(ui, self.brush, hand)
        self._hand = begun._replace(before=here) if down else None
        return hand

    def _zoom_at(self, here: tuple[float, float], view: Frame, scene: Scene, clicks: float) -> None:
        """Zoom around the place under the pointer."""
        if not clicks:
            return
        before, self._zoom = self._zoom, float(np.clip(self._zoom * 1.25**clicks, 1.0, ZOOM))
        size = np.array(scene.map.shape[::-1]) / before
        middle = np.array(view.corner) + size / 2
        self._centre = tuple(np.array(here) + (middle - here) * before / self._zoom)  # type: ignore[assignment]

    def _draw_hand(self, ui: PanelContext, scene: Scene, view: Frame, hand: Hand) -> None:
        """Draw a preview of the tool's effect, a cursor and a tooltip."""
        value, tool = edit_map.pick_value(scene, hand.here), TOOLS[self.tool]
        draw = imgui.get_window_draw_list()
        x, y, w, h = view.box
        draw.push_clip_rect(imgui.ImVec2(x, y), imgui.ImVec2(x + w, y + h), True)
        ink = imgui.get_color_u32(colour("#ffffff", 0.9))
        if self._can_use:
            self._draw_preview(ui, scene, view, tool.preview(scene, self.brush, hand))
        column, row = int(np.floor(hand.here[0])), int(np.floor(hand.here[1]))
        draw.add_rect(imgui.ImVec2(*view.point(column, row)), imgui.ImVec2(*view.point(column + 1, row + 1)), ink)
        if (corners := tool.frame(self.brush, hand)) is not None:
            low, high = (imgui.ImVec2(*view.point(*corner)) for corner in corners)
            draw.add_rect(low, high, imgui.get_color_u32(colour(ui.palette.accent)), 0.0, 2 * ui.scale)
        draw.pop_clip_rect()
        words = [] if value is None else [f"{name_value(scene, value)} at {column}, {row}"]
        if not self._can_use:
            words.append("The sky is not on the map; select a material to paint.")
        if text := "\n".join([*words, *filter(None, [tool.describe(scene, self.brush, hand)])]):
            imgui.set_tooltip(text)

    def _draw_preview(self, ui: PanelContext, scene: Scene, view: Frame, shown: Shown | None) -> None:
        if shown is None or not shown[0].mask.any():
            return
        area = shown[0]
        key = scene, area.x, area.z, area.mask.tobytes(), np.asarray(shown[1]).tobytes()
        if self._preview is None or self._preview[0] != key:
            self._preview = key, enlarge(colours(scene, shown, _bare(scene)), 16)
        height, width = area.mask.shape
        low, high = (
            imgui.ImVec2(*view.point(*corner)) for corner in ((area.x, area.z), (area.x + width, area.z + height))
        )
        imgui.get_window_draw_list().add_image(ui.picture("map preview", self._preview[1]), low, high)


def picture(scene: Scene) -> np.ndarray:
    """Return uint8 [Z·k,X·k,3]: the map in the materials' display colours, enlarged by an integer k; empty ground is dark."""
    return enlarge(np.array([_bare(scene), *(m.display for m in scene.materials)], np.uint8)[scene.map])


def enlarge(image: np.ndarray, most: int = PIXELS) -> np.ndarray:
    """Enlarge a picture [h,w,c] by an integer, at most `most`, so that blocks have sharp edges."""
    times = min(most, max(1, PIXELS // max(image.shape[:2])))
    return grid.enlarge(image, times)


def _bare(scene: Scene) -> Colour:
    """The colour of empty ground."""
    floor = next((m.display for m in scene.materials if m.name == scene.floor), GROUND)
    red, green, blue = (round(0.65 * f + 0.35 * g) for f, g in zip(floor, GROUND, strict=True))
    return red, green, blue


def _same_look(a: Scene, b: Scene) -> bool:
    shades = [[m.display for m in s.materials] for s in (a, b)]
    return a.map is b.map and a.floor == b.floor and shades[0] == shades[1]


def _draw_camera(ui: PanelContext, view: Frame) -> None:
    """Draw the user's position and direction of view."""
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
