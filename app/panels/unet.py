"""A U-Net drawn as a U: a box for each block, as high as its resolution and as wide as its channels, skip connections across."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from imgui_bundle import imgui

from app.gui.theme import Palette, colour
from app.panels.context import PanelContext

GAP = 8.0  # points between two levels
LEAST = 5.0  # points of a box's side
# A block's kind → what it does, in a sentence.
WORDS = {
    "in": "Spreads the noisy latents, and the depth where the model knows it, over its channels: first edges and spots.",
    "down": "Looks around ever more widely: hands on what it found at a coarser resolution, and across, uncoarsened, to its partner.",
    "middle": "Sees the picture at its coarsest, and with it what belongs together.",
    "up": "Paints what was understood more finely again, into the details that its partner on the left has kept.",
    "out": "Gathers all channels into the answer: what is picture, and what is noise.",
}
LISTENS = "It hears the prompt."


@dataclass(frozen=True)
class Box:
    """Points from the drawing's upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def arrange(blocks: Sequence[Any], width: float, height: float, scale: float = 1.0) -> list[Box]:
    """Where the blocks (`diffusion.inside.Block`) stand in width × height: in their order from left to right, a level below the other."""
    levels = 1 + max(block.level for block in blocks)
    most = max(block.shape[0] for block in blocks)
    gap, column = GAP * scale, width / len(blocks)
    tallest = (height - (levels - 1) * gap) / (2 - 2.0 ** (1 - levels))
    boxes = []
    for i, block in enumerate(blocks):
        tall = max(LEAST * scale, tallest / 2**block.level)
        wide = max(LEAST * scale, 0.8 * column * (block.shape[0] / most) ** 0.5)
        top = sum(tallest / 2**level + gap for level in range(block.level))
        left = (i + 0.5) * column - wide / 2
        boxes.append(Box(left, top, left + wide, top + tall))
    return boxes


def draw_unet(ui: PanelContext, blocks: Sequence[Any], chosen: int, height: float) -> int:
    """Into the current window, across its width; returns the chosen block, which a click changes. Warm colours took more time."""
    corner, width = imgui.get_cursor_screen_pos(), imgui.get_content_region_avail().x
    boxes = arrange(blocks, width, height, ui.scale)
    draw, palette = imgui.get_window_draw_list(), ui.palette

    def point(x: float, y: float) -> imgui.ImVec2:
        return imgui.ImVec2(corner.x + x, corner.y + y)

    line = imgui.get_color_u32(colour(palette.faint, 0.7))
    for one, other in _partners(blocks):
        a, b = boxes[one], boxes[other]
        draw.add_line(point(a.right, a.middle), point(b.left, b.middle), line, 1.5 * ui.scale)
    for a, b in pairwise(boxes):
        draw.add_line(point(a.right, a.middle), point(b.left, b.middle), line, 1.5 * ui.scale)
    longest = max(block.seconds for block in blocks)
    whole = sum(block.seconds for block in blocks)
    for i, (block, box) in enumerate(zip(blocks, boxes, strict=True)):
        start, end = point(box.left, box.top), point(box.right, box.bottom)
        imgui.set_cursor_screen_pos(start)
        if imgui.invisible_button(f"block {i}", imgui.ImVec2(box.right - box.left, box.bottom - box.top)):
            chosen = i
        hovered = imgui.is_item_hovered()
        draw.add_rect_filled(start, end, _heat(palette, block.seconds / longest), 3 * ui.scale)
        if i == chosen or hovered:
            edge = imgui.get_color_u32(colour(palette.accent if i == chosen else palette.ink))
            draw.add_rect(start, end, edge, 3 * ui.scale, 2.5 * ui.scale)
        if hovered:
            imgui.set_tooltip(f"{block.name}\n{figures(block, whole)}\n{1000 * block.seconds:.1f} ms")
    imgui.set_cursor_screen_pos(corner)
    imgui.dummy(imgui.ImVec2(width, height))
    return chosen


def figures(block: Any, whole: float) -> str:
    """whole: seconds of all blocks."""
    channels, height, width = block.shape
    return f"{channels} channels of {width}×{height}, {block.seconds / whole:.0%} of the time"


def _partners(blocks: Sequence[Any]) -> list[tuple[int, int]]:
    """Which block hands its findings across to which."""
    ups = {block.level: i for i, block in enumerate(blocks) if block.kind == "up"}
    return [(i, ups[block.level]) for i, block in enumerate(blocks) if block.kind == "down" and block.level in ups]


def _heat(palette: Palette, share: float) -> int:
    """From the colour of fields to that of what is wrong."""
    cold, hot = colour(palette.line), colour(palette.bad)
    r, g, b = (low + (high - low) * share for low, high in zip(_rgb(cold), _rgb(hot), strict=True))
    return imgui.get_color_u32(imgui.ImVec4(r, g, b, 1.0))


def _rgb(tint: imgui.ImVec4) -> tuple[float, float, float]:
    return tint.x, tint.y, tint.z
