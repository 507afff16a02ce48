"""Pictures at the size that a panel has room for."""

from __future__ import annotations

import numpy as np
from imgui_bundle import imgui

from app.panels.context import PanelContext


def fit_size(image: np.ndarray, width: float, height: float) -> imgui.ImVec2:
    """Return the size at which a picture [h,w,3] fits into width × height."""
    rows, columns = image.shape[:2]
    factor = min(width / columns, height / rows)
    return imgui.ImVec2(columns * factor, rows * factor)


def show(ui: PanelContext, key: str, image: np.ndarray, width: float, height: float) -> None:
    """Draw a picture as large as fits into width × height, centred."""
    size = fit_size(image, width, height)
    imgui.set_cursor_pos_x(imgui.get_cursor_pos_x() + max(0.0, (width - size.x) / 2))
    imgui.image(ui.picture(key, image), size)
