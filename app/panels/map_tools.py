"""The tools of the map: for each, its effect, a preview of it, and its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
from imgui_bundle import imgui

from app.panels.context import PanelContext, hint
from scenes import edit_map, heights, shapes
from scenes.building import mark_block
from scenes.scene import EMPTY, Scene
from scenes.shapes import Area, Place
from scenes.stamp import Stamp, copy_region, flip_stamp, lay_stamp, turn_stamp

LARGEST = 24  # maximum width of the brush in blocks
FILL_SHOWN = 128 * 128  # maps up to this many blocks show a preview of a fill
RISE = 24.0  # dragged points per block of height
Shown = tuple[Area, int | np.ndarray]  # blocks, and their map values: one, or uint8 [h,w]


@dataclass
class MapBrush:
    """The options of the tools.

    value: to paint, a map value or NOT_ON_MAP; size: of the brush and of outlines, in blocks; filled: whether forms are filled
    stamp: the copied region; ground: whether a stamp also places empty ground
    """

    value: int = 1
    size: int = 1
    filled: bool = True
    stamp: Stamp | None = None
    ground: bool = False


class Hand(NamedTuple):
    """The pointer over the map. here: its place; shift: whether that key is down.

    While the left button is down: start: where it was pressed; before: its place in the last frame, None in the first;
    scene: as it was at the press; rise: points moved up since; released: whether the button was released in this frame
    """

    here: Place
    start: Place | None = None
    before: Place | None = None
    scene: Scene | None = None
    rise: float = 0.0
    released: bool = False
    shift: bool = False


class Tool:
    """icon, help: of its button; paints: whether it uses the selected material. A tool without options shows an explanation instead."""

    icon, help, about, paints = "", "", "", False

    def options(self, ui: PanelContext, brush: MapBrush) -> None:
        imgui.align_text_to_frame_padding()
        imgui.text_disabled(self.about)

    def preview(self, scene: Scene, brush: MapBrush, hand: Hand) -> Shown | None:
        """Return the blocks that would change, if any."""
        return None

    def use(self, ui: PanelContext, brush: MapBrush, hand: Hand) -> None:
        """Apply the tool. Called in every frame from the press to the release of the left button."""

    def frame(self, brush: MapBrush, hand: Hand) -> tuple[Place, Place] | None:
        """Return the corners of the region being selected, if any."""
        return None

    def describe(self, scene: Scene, brush: MapBrush, hand: Hand) -> str:
        """Return additional text for the tooltip."""
        return ""


class BrushTool(Tool):
    icon, help, paints = "\uf1fc", "Brush: paint blocks with the selected material.", True

    def options(self, ui: PanelContext, brush: MapBrush) -> None:
        _size(brush, "Brush width in blocks.")

    def preview(self, scene: Scene, brush: MapBrush, hand: Hand) -> Shown | None:
        return shapes.draw_line(scene.map.shape, hand.here, hand.here, brush.size), brush.value

    def use(self, ui: PanelContext, brush: MapBrush, hand: Hand) -> None:
        if hand.here != hand.before:
            start = hand.before or hand.here
            ui.do("edit_scene", lambda s: edit_map.paint_stroke(s, start, hand.here, brush.size, brush.value))


class FormTool(Tool):
    """form: a name of scenes.shapes.DRAW."""

    paints = True

    def __init__(self, form: str, icon: str, help: str) -> None:
        self.form, self.icon, self.help = form, icon, help

    def options(self, ui: PanelContext, brush: MapBrush) -> None:
        if self.form == "line":
            _size(brush, "Line width in blocks.")
            return
        _, brush.filled = imgui.checkbox("Filled", brush.filled)
        hint("Fill the form, or draw only its outline.")
        imgui.same_line()
        imgui.begin_disabled(brush.filled)
        _size(brush, "A filled form has no outline." if brush.filled else "Outline width in blocks.")
        imgui.end_disabled()

    def preview(self, scene: Scene, brush: MapBrush, hand: Hand) -> Shown | None:
        start = hand.start or hand.here
        end = shapes.constrain(self.form, start, hand.here) if hand.shift and hand.start else hand.here
        thick = 0 if self.form != "line" and brush.filled else brush.size
        return shapes.DRAW[self.form](scene.map.shape, start, end, thick), brush.value

    def use(self, ui: PanelContext, brush: MapBrush, hand: Hand) -> None:
        if hand.released and (shown := self.preview(ui.scene, brush, hand)):
            ui.do("edit_scene", lambda s: edit_map.paint_area(s, *shown))

    def describe(self, scene: Scene, brush: MapBrush, hand: Hand) -> str:
        if hand.start is None or (shown := self.preview(scene, brush, hand)) is None:
            return ""
        h, w = shown[0].mask.shape
        return f"{w} × {h} blocks"


class FillTool(Tool):
    icon, help, about = "\uf575", "Fill: replace a connected area.", "Click a connected area."
    paints = True

    def __init__(self) -> None:
        self._shown: tuple[np.ndarray, Area] | None = None  # of a map

    def preview(self, scene: Scene, brush: MapBrush, hand: Hand) -> Shown | None:
        value = edit_map.pick_value(scene, hand.here)
        if value is None or value == brush.value or scene.map.size > FILL_SHOWN:
            return None
        x, z = int(hand.here[0]), int(hand.here[1])
        if self._shown is None or self._shown[0] is not scene.map or not self._shown[1].mask[z, x]:
            self._shown = scene.map, Area(0, 0, edit_map.find_connected_area(scene.map == value, z, x))
        return self._shown[1], brush.value

    def use(self, ui: PanelContext, brush: MapBrush, hand: Hand) -> None:
        if hand.before is None:
            ui.do("edit_scene", lambda s: edit_map.fill_area(s, hand.here, brush.value))


class StampTool(Tool):
    icon = "\uf24d"
    help = "Stamp: drag over a region to copy it, then click to place it. Drag with Shift to copy another."

    def options(self, ui: PanelContext, brush: MapBrush) -> None:
        stamp = brush.stamp
        if stamp is None:
            imgui.align_text_to_frame_padding()
            imgui.text_disabled("Drag over a region to copy it.")
            return
        for icon, text, change in (
            ("\uf2f9", "Turn clockwise.", turn_stamp),
            ("\uf07e", "Mirror left and right.", partial(flip_stamp, axis="x")),
            ("\uf07d", "Mirror top and bottom.", partial(flip_stamp, axis="z")),
            (
                "\uf24d  Copy another",
                "Select another region to copy. Dragging with Shift does the same.",
                lambda _: None,
            ),
        ):
            if imgui.button(f"{icon}##{text}"):
                brush.stamp = change(stamp)
            hint(text)
            imgui.same_line()
        _, brush.ground = imgui.checkbox("Ground", brush.ground)
        hint("Also place the empty ground of the copied region.")

    def preview(self, scene: Scene, brush: MapBrush, hand: Hand) -> Shown | None:
        if self._copies(brush, hand):
            return None
        assert brush.stamp is not None
        return lay_stamp(scene, brush.stamp, hand.here, brush.ground)

    def use(self, ui: PanelContext, brush: MapBrush, hand: Hand) -> None:
        if not hand.released or hand.start is None:
            return
        if self._copies(brush, hand):
            brush.stamp = copy_region(ui.scene, hand.start, hand.here)
        elif brush.stamp is not None:
            stamp, ground = brush.stamp, brush.ground
            ui.do("edit_scene", lambda s: edit_map.paint_area(s, *lay_stamp(s, stamp, hand.here, ground)))

    def describe(self, scene: Scene, brush: MapBrush, hand: Hand) -> str:
        if not self._copies(brush, hand) or hand.start is None:
            return ""
        first, last = shapes.find_box(hand.start, hand.here)
        return f"copy {last[0] - first[0]} × {last[1] - first[1]} blocks"

    def frame(self, brush: MapBrush, hand: Hand) -> tuple[Place, Place] | None:
        if not self._copies(brush, hand):
            return None
        first, last = shapes.find_box(hand.start or hand.here, hand.here)
        return (float(first[0]), float(first[1])), (float(last[0]), float(last[1]))

    def _copies(self, brush: MapBrush, hand: Hand) -> bool:
        return brush.stamp is None or hand.shift


class HeightTool(Tool):
    icon, help = "\uf338", "Height: drag a block up or down; with Shift, all blocks of its material."
    about = "Drag a block up or down. Shift: its material."

    def use(self, ui: PanelContext, brush: MapBrush, hand: Hand) -> None:
        scene, where = hand.scene, self._where(hand)
        if scene is not None and where is not None and hand.here != hand.before:
            ui.do("edit_scene", lambda _: heights.raise_blocks(scene, where, hand.rise / RISE))

    def describe(self, scene: Scene, brush: MapBrush, hand: Hand) -> str:
        place = hand.start or hand.here
        value = edit_map.pick_value(scene, place)
        if value is None:
            return ""
        top = f"{heights.find_top(scene, value):.2f} blocks high"
        if hand.scene is None or (old := edit_map.pick_value(hand.scene, place)) is None:
            return top
        return f"{heights.find_top(hand.scene, old):.2f} → {top}"

    def _where(self, hand: Hand) -> np.ndarray | None:
        if hand.scene is None or hand.start is None or (value := edit_map.pick_value(hand.scene, hand.start)) is None:
            return None
        if hand.shift and (name := heights.find_name(hand.scene, value)) is not None:
            return heights.find_blocks(hand.scene, name)
        return mark_block(hand.scene, int(hand.start[0]), int(hand.start[1]))


class PickTool(Tool):
    icon = "\uf1fb"
    help = "Pick: select the material under the pointer. The right button picks with any tool."
    about = "Click a block to select its material."

    def use(self, ui: PanelContext, brush: MapBrush, hand: Hand) -> None:
        value = edit_map.pick_value(ui.scene, hand.here)
        brush.value = brush.value if value is None else value


TOOLS: Mapping[str, Tool] = {
    "brush": BrushTool(),
    "line": FormTool("line", "\uf715", "Line: drag from end to end. Shift: horizontal, vertical or diagonal."),
    "rectangle": FormTool("rectangle", "\uf0c8", "Rectangle: drag from corner to corner. Shift: a square."),
    "ellipse": FormTool("ellipse", "\uf111", "Ellipse: drag from corner to corner. Shift: a circle."),
    "fill": FillTool(),
    "stamp": StampTool(),
    "height": HeightTool(),
    "pick": PickTool(),
}


def colours(scene: Scene, shown: Shown, ground: tuple[int, int, int]) -> np.ndarray:
    """Return uint8 [h,w,4]: the changed blocks in their new colours, transparent elsewhere. ground: colour of empty ground."""
    area, values = shown
    table = np.array([ground, *(m.display for m in scene.materials)], np.uint8)
    picture = np.zeros((*area.mask.shape, 4), np.uint8)
    picture[..., :3] = table[np.broadcast_to(values, area.mask.shape)]
    picture[..., 3] = np.where(area.mask, 210, 0)
    return picture


def name_value(scene: Scene, value: int) -> str:
    return "empty ground" if value == EMPTY else scene.materials[value - 1].name


def _size(brush: MapBrush, text: str) -> None:
    imgui.set_next_item_width(-1)
    flags = imgui.SliderFlags_.always_clamp | imgui.SliderFlags_.logarithmic
    _, brush.size = imgui.slider_int("##size", brush.size, 1, LARGEST, "%d wide", flags)
    hint(text)
