"""Outlines the surface at the centre of the view, which an anagram would paint."""

from __future__ import annotations

import numpy as np
from imgui_bundle import imgui

from app.gui.theme import colour
from app.panels.context import PanelContext
from scenes.raycast import cast_rays

NEAR = 0.05  # blocks in front of the camera at which an outline is clipped


def draw_middle(ui: PanelContext) -> None:
    """Outline the surface at the centre of the view; nothing for the sky."""
    if ui.open_scene is None:
        return
    plan = ui.open_scene.plan
    hit = cast_rays(plan.blocks, ui.camera, (1, 1))
    chart = int(plan.charts.find_texels(hit.voxel, hit.side)[0][0, 0])
    if chart < 0:
        return
    x, y, width, height = ui.scene_box
    matrix = ui.camera.matrix((max(1, int(width)), max(1, int(height))))
    points = outline(plan.charts.corners[chart], matrix) * (width / 2, -height / 2) + (x + width / 2, y + height / 2)
    draw, line = imgui.get_background_draw_list(), [imgui.ImVec2(*point) for point in points]
    draw.push_clip_rect(imgui.ImVec2(x, y), imgui.ImVec2(x + width, y + height))
    for ink, thick in (("#000000", 5.0), (ui.palette.accent, 2.5)):  # seen on bright and on dark
        draw.add_polyline(line, imgui.get_color_u32(colour(ink, 0.9)), thick * ui.scale, imgui.ImDrawFlags_.closed)  # pyright: ignore[reportArgumentType]
    draw.pop_clip_rect()


def outline(corners: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return float64 [n,2], −1..1 to the right and up: a chart's corners [4,3] in a view of this matrix, clipped before the camera."""
    clip = np.c_[corners[[0, 1, 3, 2]], np.ones(4)] @ matrix.T
    kept = []
    for a, b in zip(clip, np.roll(clip, -1, axis=0), strict=True):
        if a[3] >= NEAR:
            kept.append(a)
        if (a[3] >= NEAR) != (b[3] >= NEAR):
            kept.append(a + (NEAR - a[3]) / (b[3] - a[3]) * (b - a))
    shape = np.array(kept).reshape(-1, 4)
    return shape[:, :2] / shape[:, 3:]
