"""Shows a comparison over the scene: two pictures divided by a draggable line, and buttons to keep one or see all steps."""

from __future__ import annotations

from typing import Any

from imgui_bundle import imgui

from app.panels.context import PanelContext, choice, hint
from app.panels.dialog import begin_bar, begin_cover
from app.panels.models import LATENTS
from app.panels.parting import PartingPlot, paired
from app.panels.split import Box, Split
from app.panels.variations import draw_variations
from app.state.comparison import Comparison, Side
from app.state.model_load import keeps_paint
from app.state.timeline import Record, Timeline

WIDE = 480.0  # points of the steps' plot
GONE = "The pictures of their steps are too large to be kept both."


class CompareOverlay:
    """step: of the first side's dream, which is looked at while the comparison is stepped through, from 0."""

    def __init__(self) -> None:
        self._split, self.parting = Split(), PartingPlot()
        self._shown: Comparison | None = None
        self.step = 0

    @property
    def place(self) -> float:
        return self._split.place

    @place.setter
    def place(self, place: float) -> None:
        self._split.place = place

    def draw(self, ui: PanelContext, box: Box) -> None:
        comparison = ui.comparison
        if comparison is not self._shown:
            self._shown, self._split, self.step = comparison, Split(), 0
        if comparison is None:
            return
        ui.do("watch")
        if comparison.first:
            draw_variations(ui, comparison, box, [picture_of(ui, comparison, i) for i in range(len(comparison.sides))])
            return
        known = records_of(ui.timeline, comparison)
        records = known if comparison.step_through else None
        self._pictures(ui, comparison, box, records)
        begin_bar("##choice", box, ui.scale)
        if not comparison.done:
            imgui.text_unformatted(comparison.open_scene.painter.status_text)
        if records is not None:
            self._steps(ui, *records)
        _choice(ui, comparison, known is not None)
        imgui.end()

    def _steps(self, ui: PanelContext, one: Record, other: Record) -> None:
        """Which step is shown, and how alike both are."""
        last, width = len(one.shown), WIDE * ui.scale
        imgui.begin_child("steps", imgui.ImVec2(width, 0), imgui.ChildFlags_.auto_resize_y)
        words = "finished" if self.step >= last else f"step {one.shown[self.step].number} of {one.steps}"
        imgui.set_next_item_width(-1)
        _, self.step = imgui.slider_int("##step", self.step, 0, last, words, imgui.SliderFlags_.always_clamp)
        self.parting.draw(one, other, min(self.step, last - 1), ui.scale)
        imgui.end_child()

    def _pictures(
        self, ui: PanelContext, comparison: Comparison, box: Box, records: tuple[Record, Record] | None
    ) -> None:
        imgui.push_style_var(imgui.StyleVar_.window_padding, imgui.ImVec2(0, 0))
        begin_cover("##compare", box, imgui.WindowFlags_.no_background)
        pictures = picture_of(ui, comparison, 0), picture_of(ui, comparison, 1)
        if records is not None and self.step < len(records[0].shown):
            one, other = records
            places = self.step, paired(one, other)[self.step]
            steps = (record.shown[place].preview.image for record, place in zip(records, places, strict=True))
            pictures = tuple(ui.picture(f"compared step {number}", image) for number, image in enumerate(steps))
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


def records_of(timeline: Timeline, comparison: Comparison) -> tuple[Record, Record] | None:
    """Return the recorded steps of both sides; None before both are finished, or if the timeline had no room for them."""
    found = [one for side in comparison.sides[:2] for one in timeline.records if one.id == side.id and one.shown]
    return (found[0], found[1]) if comparison.done and len(found) == 2 else None


def _choice(ui: PanelContext, comparison: Comparison, has_steps: bool) -> None:
    """Draw the buttons below the pictures. has_steps: whether the steps of both sides are known."""
    for number, side in enumerate(comparison.sides):
        imgui.begin_disabled(side.dreamed is None)
        arrow = "\uf060  " if number == 0 else "\uf061  "
        if imgui.button(f"{arrow}Keep “{side.label}”"):
            ui.do("keep_compared", number)
        imgui.end_disabled()
        hint(_consequence(ui, side))
        imgui.same_line()
    imgui.begin_disabled(not has_steps)
    if choice("Step by step", comparison.step_through):
        ui.do("step_through")
    imgui.end_disabled()
    gone = comparison.done and not has_steps
    hint(GONE if gone else "Show each step of both, how alike they are, and where they part.")
    imgui.same_line()
    if imgui.button("Discard both"):
        ui.do("stop_comparing")
    hint("Change nothing (Esc).")


def _consequence(ui: PanelContext, side: Side) -> str:
    """What keeping a side does."""
    if side.beside is None:
        return "Paint this picture onto the surfaces and use its settings from now on. You can undo this."
    model = None if ui.painter is None else ui.painter.client.model
    if keeps_paint(model, side.beside.model):
        return "Paint this picture onto the surfaces and go on with this model."
    return f"Go on with this model. {LATENTS}"
