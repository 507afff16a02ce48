"""Live figures of the view (does paint persist, and stay sharp?), each with its history."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from imgui_bundle import imgui, implot

from app.loop.meter import Meter, Reading
from app.loop.open_scene import OpenScene
from app.panels.context import PanelContext, faint, hint, make_accent_spec

# (name, value, format, tooltip)
FIGURES: tuple[tuple[str, Callable[[Reading], float], str, str], ...] = (
    ("Painted", lambda r: r.painted, "{:.0%}", "Share of this view that shows paint."),
    (
        "Finished",
        lambda r: r.finished,
        "{:.0%}",
        "Share painted with all steps and as finely as this view allows. Paint at half the resolution counts half.",
    ),
    (
        "Drift",
        lambda r: r.changed,
        "{:.2f}",
        "Colour change of finished paint since this panel first saw it, 0 to 255. Repainted surfaces do not count, "
        "so it stays 0 as long as paint persists.",
    ),
    (
        "Kept",
        lambda r: r.kept,
        "{:.0%}",
        "Share of the finished paint that is unchanged. The rest was repainted, more finely or by you.",
    ),
    (
        "Seams",
        lambda r: r.seams,
        "{:.2f}",
        "Brightness steps where two dreams meet on a surface, relative to steps within a dream. 1 is seamless.",
    ),
    (
        "Sharpness",
        lambda r: r.sharpness,
        "{:.2f}",
        "Fine detail on the surfaces, relative to the picture of the last dream of this view.",
    ),
    ("Model calls", lambda r: float(r.calls), "{:,.0f}", "Model calls in this scene so far."),
)


def draw_meter(ui: PanelContext, open_scene: OpenScene, meter: Meter, texels: int) -> None:
    """Draw the figures. texels: painted so far in the whole scene."""
    _, _, width, height = ui.scene_box
    meter.update(open_scene, ui.camera, (max(16, round(width)), max(16, round(height))), ui.now)
    if not meter.readings:
        faint("Measuring the view." if open_scene.painter.client.model else "Loading the model.")
        return
    readings = list(meter.readings)
    if imgui.begin_table("meter", 3, imgui.TableFlags_.sizing_stretch_prop):
        for name, value, form, words in FIGURES:
            values = np.array([value(r) for r in readings])
            _row(ui, name, form.format(values[-1]) if math.isfinite(values[-1]) else "–", values, words)
        calls = readings[-1].calls
        _row(
            ui,
            "Per call",
            f"{texels / calls:,.0f} texels" if calls else "–",
            None,
            "Texels painted for each model call.",
        )
        imgui.end_table()


def _row(ui: PanelContext, name: str, text: str, values: np.ndarray | None, words: str) -> None:
    imgui.table_next_row()
    imgui.table_next_column()
    imgui.text_disabled(name)
    hint(words)
    imgui.table_next_column()
    imgui.text_unformatted(text)
    hint(words)
    imgui.table_next_column()
    if values is not None and np.isfinite(values).sum() > 1:
        _history(name, values, imgui.get_text_line_height())


def _history(name: str, values: np.ndarray, tall: float) -> None:
    """Draw a curve as high as a line of text, with gaps where nothing could be measured."""
    implot.push_style_var(implot.StyleVar_.plot_padding, imgui.ImVec2(0, 1))
    flags = implot.Flags_.canvas_only | implot.Flags_.no_inputs | implot.Flags_.no_frame
    if implot.begin_plot(f"##{name}", imgui.ImVec2(-1, tall), flags):
        implot.setup_axes("", "", implot.AxisFlags_.no_decorations, implot.AxisFlags_.no_decorations)
        low, high = float(np.nanmin(values)), float(np.nanmax(values))
        room = max(0.05 * (high - low), 1e-3 * max(abs(high), 1.0))
        implot.setup_axes_limits(0, max(1, len(values) - 1), low - room, high + room, implot.Cond_.always)
        implot.plot_line(name, values, spec=make_accent_spec())
        implot.end_plot()
    implot.pop_style_var()
