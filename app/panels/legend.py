"""The colour legend of a display mode, in the corner of the scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from imgui_bundle import imgui, implot

from app.panels.context import SILENT, PanelContext
from app.session import Session

Marks = tuple[tuple[float, str], ...]  # (place 0..1, label)
# mode → (caption, marks, whether small values are bright), with the scales of the modes' shaders
LEGENDS: Mapping[str, tuple[str, Callable[[Session], Marks], bool]] = {
    "steps": (
        "diffusion steps",
        lambda s: ((0.0, "0"), (0.5, f"{s.dream.steps / 2:g}"), (1.0, f"{s.dream.steps}")),
        False,
    ),
    "density": ("pixels per texel", lambda s: ((0.0, "¼"), (1 / 3, "1"), (2 / 3, "4"), (1.0, "16")), False),
    "depth": ("distance in blocks", lambda s: ((0.0, "½"), (0.25, "2"), (0.5, "8"), (0.75, "32"), (1.0, "128")), True),
}
WORDS = {"latents": "first three latent channels as red, green and blue", "material": "material colours in daylight"}
PARTS = 48


def draw_legend(ui: PanelContext, lift: float) -> None:
    """Draw the legend. lift: points above the corner, to leave room for something else."""
    mode = ui.session.view.mode
    if mode not in LEGENDS and mode not in WORDS:
        return
    x, y, width, height = ui.scene_box
    place = imgui.ImVec2(x + width - 14 * ui.scale, y + height - 14 * ui.scale - lift)
    imgui.set_next_window_pos(place, pivot=imgui.ImVec2(1, 1))
    imgui.set_next_window_bg_alpha(0.75)
    imgui.begin("##legend", None, SILENT)
    if mode in WORDS:
        imgui.text_unformatted(WORDS[mode])
    else:
        _bar(ui, *LEGENDS[mode])
    imgui.end()


def _bar(ui: PanelContext, words: str, marks: Callable[[Session], Marks], reverse: bool) -> None:
    imgui.text_unformatted(words)
    corner, draw = imgui.get_cursor_screen_pos(), imgui.get_window_draw_list()
    width, tall, part = 220 * ui.scale, 12 * ui.scale, 220 * ui.scale / PARTS
    for i in range(PARTS):
        t = (i + 0.5) / PARTS
        colour = implot.sample_colormap(1 - t if reverse else t, implot.Colormap_.viridis)
        left = corner.x + i * part
        draw.add_rect_filled(
            imgui.ImVec2(left, corner.y), imgui.ImVec2(left + part + 1, corner.y + tall), imgui.get_color_u32(colour)
        )
    for place, label in marks(ui.session):
        size = imgui.calc_text_size(label)
        left = corner.x + place * (width - size.x)
        draw.add_text(imgui.ImVec2(left, corner.y + tall + 2), imgui.get_color_u32(imgui.Col_.text), label)
    imgui.dummy(imgui.ImVec2(width, tall + imgui.get_text_line_height() + 2))
