"""The preview panel: the picture of the running dream after each step, its progress and cost."""

from __future__ import annotations

import numpy as np
from imgui_bundle import imgui

from app.loop.painter import Painter
from app.panels.context import PanelContext, begin_facts, fact, faint, hint
from app.panels.picture_view import show
from app.panels.regions import draw_regions
from app.session import Session


class PreviewPanel:
    title = "Preview"

    def draw(self, ui: PanelContext) -> Session:
        painter = ui.painter
        if painter is None:
            faint("Opening the scene.")
            return ui.session
        imgui.push_text_wrap_pos(0.0)
        imgui.text_unformatted(ui.status)
        imgui.pop_text_wrap_pos()
        running, preview = painter.client.running, painter.client.preview
        imgui.progress_bar(painter.client.share, imgui.ImVec2(-1, imgui.get_frame_height() * 0.4), "")
        hint("Progress of the running dream by time: steps, decoding, blending and laying.")
        imgui.begin_disabled(running is None)
        if imgui.button("\uf04d  Cancel"):
            ui.do("cancel")
        hint("Cancel the running dream after the current step.")
        imgui.end_disabled()
        imgui.same_line()
        paused = not ui.session.live.auto
        if imgui.button("\uf04b  Resume" if paused else "\uf04c  Pause"):
            ui.do("pause")
        ui.do("watch")
        image = self._image(ui, painter)
        if image is not None:
            show(ui, "preview", image, imgui.get_content_region_avail().x, _height(ui))
        if preview and preview.parts:
            faint("Prediction of each region's prompt")
            draw_regions(ui, "preview", preview.parts, imgui.get_content_region_avail().x)
        times = painter.client.last_times
        if times and begin_facts("costs"):
            for part, seconds in times.seconds.items():
                fact(part.capitalize(), f"{seconds:.2f} s")
            fact("Total", f"{times.total:.2f} s, {times.network / max(times.total, 1e-9):.0%} in the network")
            imgui.end_table()
        return ui.session

    def _image(self, ui: PanelContext, painter: Painter) -> np.ndarray | None:
        """Return the running dream's newest preview, else the last dream's picture."""
        record = next(
            (r for r in reversed(ui.timeline.records) if painter.client.running and r.id == painter.client.running.id),
            None,
        )
        if record is not None and record.latest is not None:
            return record.latest
        if painter.refining and painter.client.preview:
            return painter.client.preview.image
        return painter.client.dreamed.image if painter.client.dreamed else None


def _height(ui: PanelContext) -> float:
    """Return the remaining height of the panel, at least what a picture needs."""
    return max(120 * ui.scale, imgui.get_content_region_avail().y)
