"""Shows a comparison over the scene: two pictures divided by a draggable line, and buttons to keep one."""

from __future__ import annotations

from typing import Any

from imgui_bundle import imgui

from app.panels.context import PanelContext, hint
from app.panels.dialog import begin_bar, begin_cover
from app.panels.split import Box, Split
from app.panels.variations import draw_variations
from app.state.comparison import Comparison


class CompareOverlay:
    def __init__(self) -> None:
        self._split = Split()
        self._shown: Comparison | None = None

    @property
    def place(self) -> float:
        return self._split.place

    @place.setter
    def place(self, place: float) -> None:
        self._split.place = place

    def draw(self, ui: PanelContext, box: Box) -> None:
        comparison = ui.comparison
        if comparison is not self._shown:
            self._shown, self._split = comparison, Split()
        if comparison is None:
            return
        ui.do("watch")
        if comparison.first:
            draw_variations(ui, comparison, box, [picture_of(ui, comparison, i) for i in range(len(comparison.sides))])
            return
        self._pictures(ui, comparison, box)
        _choice(ui, comparison, box)

    def _pictures(self, ui: PanelContext, comparison: Comparison, box: Box) -> None:
        imgui.push_style_var(imgui.StyleVar_.window_padding, imgui.ImVec2(0, 0))
        begin_cover("##compare", box, imgui.WindowFlags_.no_background)
        pictures = picture_of(ui, comparison, 0), picture_of(ui, comparison, 1)
        labels = comparison.sides[0].label, comparison.sides[1].label
        self._split.draw(pictures, box, ui.scale, labels, comparison.part(box[2] / max(1.0, box[3])))
        imgui.end()
        imgui.pop_style_var()


def picture_of(ui: PanelContext, comparison: Comparison, number: int) -> Any:
    """Return the picture of a side, or the preview of its dream; None before it started, so that the scene shows through."""
    dreamed = comparison.sides[number].dreamed
    if dreamed is not None:
        return ui.picture(f"compare {number}", dreamed.image)
    painter = comparison.open_scene.painter
    records = [r for r in ui.timeline.records if painter.client.running and r.id == painter.client.running.id]
    if number == comparison.running and records and records[-1].latest is not None:
        return ui.picture(f"compare {number}", records[-1].latest)
    return None


def _choice(ui: PanelContext, comparison: Comparison, box: Box) -> None:
    """Draw the status and the buttons below the pictures."""
    begin_bar("##choice", box, ui.scale)
    if not comparison.done:
        imgui.text_unformatted(comparison.open_scene.painter.status_text)
    for number, side in enumerate(comparison.sides):
        imgui.begin_disabled(side.dreamed is None)
        arrow = "\uf060  " if number == 0 else "\uf061  "
        if imgui.button(f"{arrow}Keep “{side.label}”"):
            ui.do("keep_compared", number)
        imgui.end_disabled()
        hint("Paint this picture onto the surfaces and use its settings from now on. You can undo this.")
        imgui.same_line()
    if imgui.button("Discard both"):
        ui.do("stop_comparing")
    hint("Change nothing (Esc).")
    imgui.end()
