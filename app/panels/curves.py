"""Plots of a dream's steps: noise, guidance and change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from imgui_bundle import imgui, implot

from app.loop.messages import Preview
from app.panels.context import PanelContext, accented, hint
from app.state.timeline import Record

# (name, value of a step, whether the axis is logarithmic, what it says)
CURVES: tuple[tuple[str, Callable[[Preview], float], bool, str], ...] = (
    ("Sigma", lambda p: p.sigma, True, "Noise level at the start of the step."),
    (
        "|cond − uncond|",
        lambda p: p.guidance,
        False,
        "Difference between the predictions with the prompt and with the negative prompt: what guidance amplifies.",
    ),
    ("Change", lambda p: p.change, False, "Difference from the previous step's prediction."),
)
TALL = 46.0  # points


def draw_curves(ui: PanelContext, record: Record, place: int) -> None:
    """place: the step that is looked at gets a mark; its values stand beside the names."""
    steps = [step.preview for step in record.shown]
    if len(steps) < 2:
        return
    numbers = np.array([p.step for p in steps], dtype=np.float64)
    here = steps[min(place, len(steps) - 1)]
    for name, value, logarithmic, words in CURVES:
        values = np.array([value(p) for p in steps], dtype=np.float64)
        if not np.isfinite(values).any():
            continue
        imgui.text_disabled(name)
        imgui.same_line(imgui.get_content_region_avail().x * 0.44)
        imgui.text_unformatted(f"{value(here):.3g}" if np.isfinite(value(here)) else "–")
        _curve(name, numbers, values, logarithmic, here.step, TALL * ui.scale)
        hint(words)


def _curve(name: str, numbers: np.ndarray, values: np.ndarray, logarithmic: bool, here: int, tall: float) -> None:
    flags = implot.Flags_.canvas_only | implot.Flags_.no_inputs
    if not implot.begin_plot(f"##{name}", imgui.ImVec2(-1, tall), flags):
        return
    hidden = implot.AxisFlags_.no_decorations
    implot.setup_axes("", "", hidden, hidden)
    known = values[np.isfinite(values) & ((values > 0) | (not logarithmic))]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if logarithmic:
        implot.setup_axis_scale(implot.ImAxis_.y1, implot.Scale_.log10)
        low, high = low / 1.5, high * 1.5
    else:
        low, high = 0.0, max(high * 1.15, 1e-9)
    implot.setup_axes_limits(numbers[0] - 0.3, numbers[-1] + 0.3, low, high, implot.Cond_.always)
    implot.plot_inf_lines("##here", np.array([float(here)]), spec=implot.Spec(line_color=_faint()))
    implot.plot_line(name, numbers, values, spec=accented())
    implot.end_plot()


def _faint() -> imgui.ImVec4:
    return imgui.get_style_color_vec4(imgui.Col_.text_disabled)
