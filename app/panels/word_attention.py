"""The words of a prompt as buttons, and where the picture attends to each of them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from imgui_bundle import imgui, implot

from app.panels.context import PanelContext, choice, faint, hint, shorten_to_width
from app.panels.learn import remark
from app.panels.picture_view import fit_size
from app.state import step_notes as remarks

TALL, LEAST = 420.0, 110.0  # maximum and minimum height of the picture in points
ELSEWHERE = 0.6  # darkening of parts that belong to another prompt
COLD, HOT = 0.25, 0.85  # opacity of the heat map at the least and at the most attention


class WordsView:
    """A part of the Network panel. region, word: the selected ones."""

    def __init__(self) -> None:
        self.region = self.word = 0
        self._heat: tuple[Any, int, np.ndarray] | None = None

    def draw(self, ui: PanelContext, prompts: tuple[Any, ...], picture: np.ndarray) -> None:
        """prompts: `diffusion.introspection.unet_probe.WordAttention`; picture: uint8 [H,W,3], the finished dream."""
        if not prompts:
            faint("This network uses no prompt.")
            return
        self.region = min(self.region, len(prompts) - 1)
        if len(prompts) > 1:
            self._choose_region(prompts)
        attention = prompts[self.region]
        self.word = min(self.word, len(attention.words) - 1)
        self._choose_word(attention)
        if self._heat is None or self._heat[0] is not attention or self._heat[1] != self.word:
            self._heat = attention, self.word, heat(attention.where[self.word], attention.share)
        width = imgui.get_content_region_avail().x
        room = imgui.get_content_region_avail().y - 2 * imgui.get_text_line_height_with_spacing()
        size = fit_size(picture, width, min(TALL * ui.scale, max(LEAST * ui.scale, room)))
        imgui.set_cursor_pos_x(imgui.get_cursor_pos_x() + max(0.0, (width - size.x) / 2))
        corner = imgui.get_cursor_screen_pos()
        imgui.image(ui.picture("network picture", picture), size)
        end = imgui.ImVec2(corner.x + size.x, corner.y + size.y)
        imgui.get_window_draw_list().add_image(ui.picture("network heat", self._heat[2]), corner, end)
        if imgui.is_item_hovered():
            mouse = imgui.get_mouse_pos()
            _show_cell(attention, (mouse.x - corner.x) / size.x, (mouse.y - corner.y) / size.y, corner, size)
        share = attention.weights[self.word]
        faint(f"{share:.0%} of the attention in this prompt's area is on “{attention.words[self.word]}”.")
        remark(ui, remarks.of_words(attention))

    def _choose_region(self, prompts: tuple[Any, ...]) -> None:
        imgui.set_next_item_width(-1)
        if imgui.begin_combo("##prompt", prompts[self.region].prompt):
            for i, attention in enumerate(prompts):
                if imgui.selectable(f"{attention.prompt}##{i}", i == self.region)[0]:
                    self.region, self.word = i, 0
            imgui.end_combo()
        hint("Each part of the picture uses only its own material's prompt.")

    def _choose_word(self, attention: Any) -> None:
        style, end = imgui.get_style(), imgui.get_cursor_screen_pos().x + imgui.get_content_region_avail().x
        for i, word in enumerate(attention.words):
            label = shorten_to_width(word, 0.8 * imgui.get_content_region_avail().x)
            wide = imgui.calc_text_size(label).x + 2 * style.frame_padding.x
            if i and imgui.get_item_rect_max().x + style.item_spacing.x + wide < end:
                imgui.same_line()
            if choice(f"{label}##{i}", i == self.word):
                self.word = i


def _show_cell(attention: Any, x: float, y: float, corner: imgui.ImVec2, size: imgui.ImVec2) -> None:
    """Frame the cell of the attention map at (x, y), shares of the picture, and list its weights."""
    height, width = attention.share.shape
    column, row = min(int(x * width), width - 1), min(int(y * height), height - 1)
    low = imgui.ImVec2(corner.x + column * size.x / width, corner.y + row * size.y / height)
    high = imgui.ImVec2(low.x + size.x / width, low.y + size.y / height)
    imgui.get_window_draw_list().add_rect(low, high, imgui.get_color_u32(imgui.Col_.text))
    weights = "\n".join(
        f"{word}: {where[row, column]:.3f}" for word, where in zip(attention.words, attention.where, strict=True)
    )
    imgui.set_tooltip(f"Cell {column + 1}, {row + 1}\n{weights}")


def heat(where: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return uint8 [h,w,4], an overlay for the picture: a heat map scaled to the word's range in its region, dark elsewhere."""
    own = where[share > 0.5 * share.max()]
    low, high = float(own.min()), float(own.max())
    level = np.clip((where - low) / max(high - low, 1e-9), 0, 1)
    colours = _colours()[np.rint(255 * level).astype(np.uint8)]
    cover = COLD + (HOT - COLD) * level
    alpha = share * cover + (1 - share) * ELSEWHERE
    mixed = colours * (share * cover / np.maximum(alpha, 1e-9))[..., None]
    return np.rint(np.dstack([mixed, 255 * alpha])).astype(np.uint8)


@cache
def _colours() -> np.ndarray:
    """Return a colour map [256,3] in 0..255, from dark to bright, safe for the colour-blind."""
    sampled = [implot.sample_colormap(i / 255, implot.Colormap_.plasma) for i in range(256)]
    return np.array([(c.x, c.y, c.z) for c in sampled]) * 255
