"""The running dream: its picture after each step, how far it is, and what it costs."""

from __future__ import annotations

import numpy as np
from imgui_bundle import imgui

from app.panels.context import PanelContext, begin_facts, fact, faint, hint
from app.session import Session


class PreviewPanel:
    title = "Preview"

    def draw(self, ui: PanelContext) -> Session:
        painter = ui.painter
        if painter is None:
            faint("The scene is being opened.")
            return ui.session
        imgui.push_text_wrap_pos(0.0)
        imgui.text_unformatted(painter.words)
        imgui.pop_text_wrap_pos()
        running, preview, dreamed = painter.running, painter.preview, painter.dreamed
        steps = preview.steps if preview else running.settings.steps if running else 1
        done = preview.step / steps if preview else 0.0 if running else 1.0 if dreamed else 0.0
        imgui.progress_bar(done, imgui.ImVec2(-1, imgui.get_frame_height() * 0.4), "")
        imgui.begin_disabled(running is None)
        if imgui.button("\uf04d  Cancel"):
            ui.do("cancel")
        hint("Abandon the running dream between two steps.")
        imgui.end_disabled()
        imgui.same_line()
        paused = not ui.session.live.auto
        if imgui.button("\uf04b  Go on dreaming" if paused else "\uf04c  Pause"):
            ui.do("pause")
        image = preview.image if preview else dreamed.image if dreamed else None
        if image is not None:
            show(ui, "preview", image, imgui.get_content_region_avail().x, _height(ui))
        if dreamed and begin_facts("costs"):
            for part in ("unet", "vae", "text", "total"):
                if part in dreamed.seconds:
                    fact({"unet": "U-Net", "vae": "VAE"}.get(part, part.capitalize()), f"{dreamed.seconds[part]:.2f} s")
            imgui.end_table()
        return ui.session


def _height(ui: PanelContext) -> float:
    """What is left of the panel below, but not less than a picture needs."""
    return max(120 * ui.scale, imgui.get_content_region_avail().y)


def show(ui: PanelContext, key: str, image: np.ndarray, width: float, height: float) -> None:
    """A picture as large as fits into width × height, centred."""
    rows, columns = image.shape[:2]
    factor = min(width / columns, height / rows)
    size = imgui.ImVec2(columns * factor, rows * factor)
    imgui.set_cursor_pos_x(imgui.get_cursor_pos_x() + max(0.0, (width - size.x) / 2))
    imgui.image(ui.picture(key, image), size)
