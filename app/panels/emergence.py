"""Plots of when each region of a dream reached its final look; a click selects the step."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
from imgui_bundle import imgui, implot

from app.panels.context import PanelContext, accented, hint, shortened
from app.state.timeline import Record
from diffusion.introspection.emergence import Emergence, measure_emergence_slices, settling_step

TALL = 52.0  # points of a plot
MOST = 7  # plots: the whole picture, and the largest regions
WHOLE = "The whole picture"
WORDS = (
    "Similarity to the final picture at each step. Bright line: large shapes and colours. Faint line: details. "
    "Dot: recognisable from here on. Click to go to a step."
)


class EmergencePlots:
    """A part of the Timeline panel. found: what is known of the record that was followed last."""

    def __init__(self) -> None:
        self.found: tuple[Emergence, ...] = ()
        self._of: tuple[int, int] | None = None
        self._work: Generator[None, None, tuple[Emergence, ...]] | None = None

    def follow(self, record: Record) -> None:
        """Once a frame: measure a finished dream, a step of it in each frame."""
        which = record.id, len(record.shown)
        if self._of != which or record.image is None:
            self._of, self.found, self._work = which, (), _measuring(record)
            if record.image is None:
                self._of = None
        if self._work is not None:
            try:
                next(self._work)
            except StopIteration as end:
                self.found, self._work = end.value, None

    def draw(self, ui: PanelContext, place: int) -> int | None:
        """place: of the step that is looked at. Returns that which was clicked."""
        clicked = None
        for i, one in enumerate(self.found[:MOST]):
            if i == 1 and len(self.found) == 2:
                break  # one region is the whole picture
            imgui.text_disabled(shortened(one.prompt or WHOLE, imgui.get_content_region_avail().x))
            here = _plot(f"##emergence {i}", one, min(place, len(one.coarse) - 1), TALL * ui.scale)
            hint(WORDS)
            clicked = here if here is not None else clicked
        return clicked


def _measuring(record: Record) -> Generator[None, None, tuple[Emergence, ...]] | None:
    if record.image is None or record.canvas is None or len(record.shown) < 2:
        return None
    pictures, canvas = [step.sketch for step in record.shown], record.canvas
    if any(picture.shape[:2] != canvas.change.shape for picture in pictures):
        return None
    return measure_emergence_slices(pictures, canvas.regions, canvas.change)


def _plot(name: str, one: Emergence, place: int, tall: float) -> int | None:
    """The step that was clicked, from 0."""
    flags = implot.Flags_.canvas_only | implot.Flags_.no_inputs
    if not implot.begin_plot(name, imgui.ImVec2(-1, tall), flags):
        return None
    hidden = implot.AxisFlags_.no_decorations
    implot.setup_axes("", "", hidden, hidden)
    last = len(one.coarse) - 1
    implot.setup_axes_limits(-0.3, last + 0.3, -0.08, 1.12, implot.Cond_.always)
    faint: Any = imgui.get_style_color_vec4(imgui.Col_.text_disabled)
    steps, dot = np.arange(last + 1, dtype=np.float64), settling_step(one.coarse)
    implot.plot_inf_lines("##here", np.array([float(place)]), spec=implot.Spec(line_color=faint))
    implot.plot_line("##fine", steps, np.ascontiguousarray(one.fine), spec=implot.Spec(line_color=faint))
    implot.plot_line("##coarse", steps, np.ascontiguousarray(one.coarse), spec=accented())
    if dot < last:
        marked = accented()
        marked.marker = implot.Marker_.circle
        implot.plot_scatter("##settled", steps[dot : dot + 1], one.coarse[dot : dot + 1].copy(), spec=marked)
    x = implot.get_plot_mouse_pos().x
    implot.end_plot()
    if imgui.is_item_hovered():
        imgui.set_mouse_cursor(imgui.MouseCursor_.hand)
        if imgui.is_mouse_clicked(imgui.MouseButton_.left):
            return min(max(round(x), 0), last)
    return None
