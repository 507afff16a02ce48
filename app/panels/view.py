"""The view panel: display mode, movement speed, field of view, frame rate, coverage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from imgui_bundle import imgui, implot

from app.panels.context import PanelContext, begin_facts, choice, fact, faint, hint, make_accent_spec
from app.panels.form import edit
from app.session import Session
from engine.render.renderer import MODES


class ViewPanel:
    title = "View"

    def draw(self, ui: PanelContext) -> Session:
        session = ui.session
        view = _modes(session)
        imgui.spacing()
        view = edit(
            view, only=("daylight", "walk", "fov", "speed", "sensitivity", "frame_rate", "theme", "motion", "hints")
        )
        imgui.separator_text("Dreaming")
        live = edit(session.live)
        paint = edit(session.paint)
        imgui.separator_text("This view")
        _coverage(ui)
        _frames(ui)
        return replace(session, view=view, live=live, paint=paint)


def _modes(session: Session):  # type: ignore[no-untyped-def]
    """Draw a button for each display mode, as many per row as fit."""
    view = session.view
    room = imgui.get_content_region_avail().x
    width = (room - 2 * imgui.get_style().item_spacing.x) / 3
    for i, mode in enumerate(MODES):
        if i % 3:
            imgui.same_line()
        if choice(mode.capitalize(), mode == view.mode, width):
            view = replace(view, mode=mode)
        hint(f"Key {i + 1}")
    return view


def _coverage(ui: PanelContext) -> None:
    painter = ui.painter
    if painter is None:
        faint("Opening the scene.")
        return
    imgui.progress_bar(painter.coverage, imgui.ImVec2(-1, 0), f"{painter.coverage:.0%} finished")
    hint("Share of this view's surface that is finished at this distance.")
    x, y, z = ui.camera.position
    if begin_facts("where"):
        fact("Dreams", f"{painter.client.dreams} ({painter.client.calls} model calls)")
        fact("Position", f"{x:.1f}, {y:.1f}, {z:.1f}")
        fact("Direction", f"{-ui.camera.yaw % 360:.0f}°, {ui.camera.pitch:+.0f}°")
        imgui.end_table()


def _frames(ui: PanelContext) -> None:
    times = ui.frames * 1000
    if len(times) < 2:
        return
    middle, worst = np.percentile(times, (50, 99))
    faint(f"{1000 / max(middle, 0.01):.0f} FPS; {middle:.0f} ms per frame, slowest {worst:.0f} ms")
    flags = implot.Flags_.canvas_only | implot.Flags_.no_inputs
    if implot.begin_plot("##frames", imgui.ImVec2(-1, 56 * ui.scale), flags):
        hidden = implot.AxisFlags_.no_decorations
        implot.setup_axes("", "", hidden, hidden)
        implot.setup_axes_limits(0, len(times), 0, max(34.0, float(worst) * 1.1), implot.Cond_.always)
        implot.plot_line("ms", np.ascontiguousarray(times, dtype=np.float32), spec=make_accent_spec())
        implot.end_plot()
    hint("Duration of the last frames in milliseconds.")
