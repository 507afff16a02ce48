"""A small plot of shares over the steps of a dream: one bright line among faint ones, with the selected step marked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from imgui_bundle import imgui, implot

from app.panels.context import make_accent_spec

FLAGS = implot.Flags_.canvas_only | implot.Flags_.no_inputs


def plot_shares(
    name: str, bright: np.ndarray, faint: Sequence[np.ndarray], place: int, tall: float, dot: int | None = None
) -> int:
    """Returns the step nearest to the pointer, from 0.

    bright, faint: float [steps], 0..1; place: the selected step, from 0; tall: pixels; dot: a step marked on the bright line.
    """
    if not implot.begin_plot(name, imgui.ImVec2(-1, tall), FLAGS):
        return place
    hidden, last = implot.AxisFlags_.no_decorations, len(bright) - 1
    implot.setup_axes("", "", hidden, hidden)
    implot.setup_axes_limits(-0.3, last + 0.3, -0.08, 1.12, implot.Cond_.always)
    faint_line = implot.Spec(line_color=imgui.get_style_color_vec4(imgui.Col_.text_disabled))
    steps = np.arange(last + 1, dtype=np.float64)
    implot.plot_inf_lines("##here", np.array([float(place)]), spec=faint_line)
    for i, line in enumerate(faint):
        implot.plot_line(f"##faint {i}", steps, np.ascontiguousarray(line), spec=faint_line)
    implot.plot_line("##bright", steps, np.ascontiguousarray(bright), spec=make_accent_spec())
    if dot is not None:
        marked = make_accent_spec()
        marked.marker = implot.Marker_.circle
        implot.plot_scatter("##dot", steps[dot : dot + 1], np.array(bright[dot : dot + 1]), spec=marked)
    pointed = round(implot.get_plot_mouse_pos().x)
    implot.end_plot()
    return min(max(pointed, 0), last)


def was_clicked() -> bool:
    """Whether the plot just drawn was clicked."""
    if not imgui.is_item_hovered():
        return False
    imgui.set_mouse_cursor(imgui.MouseCursor_.hand)
    return imgui.is_mouse_clicked(imgui.MouseButton_.left)
