"""The image panel: save the last dream, splat or dream from a picture file, repaint the masked area, anagrams."""

from __future__ import annotations

import numpy as np
from imgui_bundle import imgui

from app.panels.brush import BrushTools
from app.panels.context import PanelContext, faint, hint, shorten_to_width
from app.panels.outline import draw_middle
from app.panels.picture_view import show
from app.panels.placed import draw_placed
from app.session import Session
from app.state.picture_form import TURNS

# key of TURNS → the turned picture
TURNED = {
    "rotate_180": lambda a: a[::-1, ::-1],
    "flip_vertical": lambda a: a[::-1],
    "flip_horizontal": lambda a: a[:, ::-1],
}


class ImagePanel:
    title = "Image"

    def __init__(self) -> None:
        self._strength, self._marks_strength = 0.6, 1.0
        self._freeze, self._surface = True, True
        self._prompt, self._upright, self._turned = "", "", ""
        self._turn = "rotate_180"
        self._tools = BrushTools("mask", "unmask")
        self._flipped: tuple[np.ndarray, str, np.ndarray] | None = None

    def draw(self, ui: PanelContext) -> Session:
        if ui.painter is None or ui.painter.client.model is None:
            faint("Opening the scene." if ui.painter is None else "Loading the model.")
            return ui.session
        imgui.separator_text("Picture from file")
        self._file(ui)
        imgui.separator_text("Mask")
        self._inpaint(ui)
        imgui.separator_text("Anagram")
        imgui.begin_group()
        self._anagram(ui)
        imgui.end_group()
        if self._surface and imgui.is_item_hovered():
            draw_middle(ui)
        imgui.separator_text("Result")
        _, self._freeze = imgui.checkbox("Freeze after painting", self._freeze)
        hint(
            "Protect the result from later dreams. When off, it is refined as you walk closer. You can undo it either way."
        )
        imgui.separator_text("Last dream")
        self._last(ui)
        return ui.session

    def _last(self, ui: PanelContext) -> None:
        dreamed = ui.painter.client.dreamed if ui.painter else None
        if dreamed is None:
            faint("No dream yet.")
            return
        show(ui, "last dream", dreamed.image, imgui.get_content_region_avail().x, 130 * ui.scale)
        if imgui.button("\uf0c7  Save as PNG", imgui.ImVec2(-1, 0)):
            ui.do("save_picture")
        hint("Saves the last dreamed view with its settings and camera. Drop the file on the window to restore them.")

    def _file(self, ui: PanelContext) -> None:
        if imgui.button("\uf07c  Open a picture…"):
            ui.do("ask_picture")
        if ui.source is None:
            faint("Or drop a picture on the window.")
            return
        imgui.same_line()
        imgui.align_text_to_frame_padding()
        imgui.text_disabled(shorten_to_width(ui.source.name, imgui.get_content_region_avail().x))
        hint(ui.source.name)
        # the picture beside its buttons: below one another, a low panel would hide them
        width, room = imgui.get_content_region_avail().x, 3 * imgui.get_frame_height_with_spacing()
        imgui.begin_group()
        show(ui, "source", ui.source.picture, 0.38 * width, room)
        imgui.end_group()
        imgui.same_line(0.42 * width)
        imgui.begin_group()
        if _wide("\uf043  Splat", 1):
            ui.do("splat", self._freeze)
        if imgui.is_item_hovered():
            draw_placed(ui, ui.source, min)
        hint("Project the picture onto the visible surfaces as it is. Transparent parts change nothing.")
        if _wide("\uf0d0  Dream over it", 1):
            ui.do("dream_picture", self._strength, self._freeze)
        if imgui.is_item_hovered():
            draw_placed(ui, ui.source, max)
        hint("Repaint this view, starting from the picture.")
        self._strength = _strength("##strength", self._strength)
        hint("How far the dream may depart from the picture: 0 keeps it, 1 ignores it.")
        imgui.end_group()

    def _inpaint(self, ui: PanelContext) -> None:
        self._tools.draw(ui)
        imgui.set_next_item_width(-1)
        _, self._prompt = imgui.input_text_with_hint(
            "##prompt", "Prompt for the masked area (default: each material's own)", self._prompt
        )
        self._marks_strength = _strength("##marks", self._marks_strength)
        hint("How far the dream may depart from the existing paint.")
        imgui.begin_disabled(ui.brush.mask.of(ui.camera) is None)
        if _wide("\uf0d0  Repaint masked area", 2):
            ui.do("inpaint", self._prompt.strip(), self._marks_strength, self._freeze)
        imgui.same_line()
        if _wide("\uf00d  Clear", 1):
            ui.do("clear_marks")
        imgui.end_disabled()

    def _anagram(self, ui: PanelContext) -> None:
        imgui.set_next_item_width(-1)
        _, self._upright = imgui.input_text_with_hint("##upright", "prompt seen upright", self._upright)
        imgui.set_next_item_width(-1)
        _, self._turned = imgui.input_text_with_hint("##turned", f"prompt seen {TURNS[self._turn]}", self._turned)
        imgui.set_next_item_width(-1)
        names = list(TURNED)
        _, index = imgui.combo("##turn", names.index(self._turn), [TURNS[name] for name in names])
        self._turn = names[index]
        for label, surface in (("Surface at screen centre", True), ("Whole view", False)):
            if imgui.radio_button(label, self._surface == surface):
                self._surface = surface
        imgui.begin_disabled(not (self._upright.strip() and self._turned.strip()))
        if _wide("\uf021  Dream the anagram", 1):
            ui.do("anagram", (self._upright.strip(), self._turned.strip()), self._turn, self._surface, self._freeze)
        imgui.end_disabled()
        hint("Paint one picture that shows either prompt, depending on how it is turned.")
        dreamed = ui.painter.client.dreamed if ui.painter else None
        if dreamed is not None and self._turned:
            show(ui, "turned dream", self._flip(dreamed.image), imgui.get_content_region_avail().x, 130 * ui.scale)
            faint(f"The last dream, {TURNS[self._turn]}.")

    def _flip(self, image: np.ndarray) -> np.ndarray:
        """Return the turned picture. The same picture gives the same array, because textures are cached by identity."""
        if self._flipped is None or self._flipped[0] is not image or self._flipped[1] != self._turn:
            self._flipped = image, self._turn, np.ascontiguousarray(TURNED[self._turn](image))
        return self._flipped[2]


def _wide(label: str, left: int) -> bool:
    """Draw a button that takes an equal share of the line. left: buttons that still have to fit."""
    room = imgui.get_content_region_avail().x
    return imgui.button(label, imgui.ImVec2((room - (left - 1) * imgui.get_style().item_spacing.x) / left, 0))


def _strength(label: str, value: float) -> float:
    imgui.set_next_item_width(-1)
    return imgui.slider_float(label, value, 0.05, 1.0, "strength %.2f", imgui.SliderFlags_.always_clamp)[1]
