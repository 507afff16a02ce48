"""Plots of what each region looks like at every step, by name and confidence; a click selects the step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from imgui_bundle import imgui, implot

from app.panels.context import PanelContext, accented, faint, hint, shortened
from app.state.inspection import lookable
from app.state.timeline import Record

if TYPE_CHECKING:
    from diffusion.introspection.concepts import Concepts  # which needs torch

TALL = 64.0  # points of a plot
MOST = 6  # plots: the largest regions
ABOUT = (
    "Decodes every step of this dream and lets a small classifier of 42 materials name what each region looks like. It knows "
    "nothing else, and 93 % of its answers are right on pictures that it has not seen."
)


def draw_concepts(ui: PanelContext, record: Record, place: int) -> int | None:
    """place: of the step that is looked at. Returns that which was clicked."""
    found = ui.inspection.concepts_of(record)
    asked = ui.inspection.asked is not None and bool(ui.inspection.asked.predictions)
    if not found:
        imgui.begin_disabled(asked or record.image is None or not lookable(record))
        if imgui.button("\uf02b  Naming…" if asked else "\uf02b  Name each step"):
            ui.do("look_inside", record, len(record.shown) - 1, False, True)
        hint(ABOUT)
        imgui.end_disabled()
        return None
    clicked = None
    for i, one in enumerate(found[:MOST]):
        imgui.text_disabled(shortened(one.prompt, imgui.get_content_region_avail().x))
        here = min(place, len(one.confidence) - 1)
        best = int(one.confidence[here].argmax())
        faint(f"looks like {one.names[best]} ({one.confidence[here, best]:.2f})")
        picked = _plot(f"##concepts {i}", one, here, TALL * ui.scale)
        hint(_legend(one))
        clicked = picked if picked is not None else clicked
    return clicked


def _legend(one: Concepts) -> str:
    step = one.named_from
    lines = [f"{name}: {one.confidence[-1, i]:.2f} in the end" for i, name in enumerate(one.names)]
    return "\n".join([f"From step {step + 1} on: {one.names[0]} (bright line).", *lines])


def _plot(name: str, one: Concepts, place: int, tall: float) -> int | None:
    flags = implot.Flags_.canvas_only | implot.Flags_.no_inputs
    if not implot.begin_plot(name, imgui.ImVec2(-1, tall), flags):
        return None
    hidden = implot.AxisFlags_.no_decorations
    implot.setup_axes("", "", hidden, hidden)
    last = len(one.confidence) - 1
    implot.setup_axes_limits(-0.3, last + 0.3, -0.05, 1.1, implot.Cond_.always)
    faint_line = implot.Spec(line_color=imgui.get_style_color_vec4(imgui.Col_.text_disabled))
    implot.plot_inf_lines("##here", np.array([float(place)]), spec=faint_line)
    steps = np.arange(last + 1, dtype=np.float64)
    for i in reversed(range(len(one.names))):
        spec = accented() if i == 0 else faint_line
        implot.plot_line(f"##{i}", steps, np.ascontiguousarray(one.confidence[:, i]), spec=spec)
    x = implot.get_plot_mouse_pos().x
    implot.end_plot()
    if imgui.is_item_hovered():
        imgui.set_mouse_cursor(imgui.MouseCursor_.hand)
        if imgui.is_mouse_clicked(imgui.MouseButton_.left):
            return min(max(round(x), 0), last)
    return None
