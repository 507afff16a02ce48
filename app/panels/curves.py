"""Plots of a dream's steps: noise, guidance and change."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from imgui_bundle import imgui, implot

from app.loop.messages import Preview
from app.panels.context import PanelContext, hint, make_accent_spec
from app.state.timeline import Record

Value = Callable[[Sequence[Preview], int], float]  # value of a step, given all steps and its place


class Curve(NamedTuple):
    """A plot. value: bright line; other: faint line on the same axis, or None; logarithmic: whether the axis is; words: tooltip."""

    name: str
    value: Value
    words: str
    other: Value | None = None
    logarithmic: bool = False


CURVES = (
    Curve("Sigma", lambda steps, i: steps[i].sigma, "Noise level at the start of the step.", logarithmic=True),
    Curve(
        "Signal and noise",
        lambda steps, i: 1 / math.hypot(1, steps[i].sigma),
        "How much of the input is picture (bright line) and how much is noise (faint line); their squares sum to 1.",
        lambda steps, i: steps[i].sigma / math.hypot(1, steps[i].sigma),
    ),
    Curve(
        "SNR",
        lambda steps, i: steps[i].sigma ** -2 if steps[i].sigma else math.nan,
        "Signal-to-noise ratio, 1 / sigma². Above 1 there is more picture than noise.",
        logarithmic=True,
    ),
    Curve(
        "|cond − uncond|",
        lambda steps, i: steps[i].guidance,
        "Difference between the predictions with the prompt and with the negative prompt: what guidance amplifies.",
    ),
    Curve(
        "Beta",
        lambda steps, i: beta_of([step.sigma for step in steps], i),
        "Share of the variance that becomes noise between this noise level and the next lower one, when a picture is noised.",
    ),
    Curve("Change", lambda steps, i: steps[i].change, "Difference from the previous step's prediction."),
)
TALL = 46.0  # points


def beta_of(sigmas: Sequence[float], place: int) -> float:
    """1 − alpha_bar / alpha_bar of the next step (1 after the last), with alpha_bar = 1 / (1 + sigma²)."""
    after = sigmas[place + 1] if place + 1 < len(sigmas) else 0.0
    return 1 - (1 + after**2) / (1 + sigmas[place] ** 2)


def draw_curves(ui: PanelContext, record: Record, place: int) -> None:
    """Draw all curves. place: of the selected step, which is marked and whose values are shown beside the names."""
    steps = [step.preview for step in record.shown]
    if len(steps) < 2:
        return
    numbers = np.array([p.step for p in steps], dtype=np.float64)
    shown_place = min(place, len(steps) - 1)
    here = steps[shown_place]
    for curve in CURVES:
        lines = [
            np.array([value(steps, i) for i in range(len(steps))])
            for value in (curve.value, curve.other)
            if value is not None
        ]
        if not np.isfinite(lines[0]).any():
            continue
        shown = [value(steps, shown_place) for value in (curve.value, curve.other) if value is not None]
        imgui.text_disabled(curve.name)
        imgui.same_line(imgui.get_content_region_avail().x * 0.44)
        imgui.text_unformatted(" / ".join(f"{one:.3g}" if np.isfinite(one) else "–" for one in shown))
        _plot(curve, numbers, lines, here.step, TALL * ui.scale)
        hint(curve.words)


def _plot(curve: Curve, numbers: np.ndarray, lines: list[np.ndarray], here: int, tall: float) -> None:
    name, logarithmic, values = curve.name, curve.logarithmic, np.concatenate(lines)
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
    for line in lines[1:]:
        implot.plot_line("##other", numbers, line, spec=implot.Spec(line_color=_faint()))
    implot.plot_line(name, numbers, lines[0], spec=make_accent_spec())
    implot.end_plot()


def _faint() -> imgui.ImVec4:
    return imgui.get_style_color_vec4(imgui.Col_.text_disabled)
