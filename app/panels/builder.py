"""The building tools: buttons for the Scene panel, and a box over the scene around the block that would change."""

from __future__ import annotations

from typing import Any

import numpy as np
from imgui_bundle import imgui

from app.gui.theme import colour
from app.panels.context import PanelContext, hint, square
from app.panels.outline import outline
from app.state.builder import NOT_ON_MAP, TOOLS
from scenes.building import Target, find_target
from scenes.heights import find_top
from scenes.pointing import aim, find_surface
from scenes.scene import EMPTY

ICONS = {"place": "\uf1b2", "remove": "\uf12d", "raise": "\uf338"}
FACES = ((0, 1, 2, 3), (4, 5, 6, 7), (0, 1, 4, 5), (2, 3, 6, 7), (0, 2, 4, 6), (1, 3, 5, 7))  # of `_corners`


def draw_buttons(ui: PanelContext, width: float, gap: float) -> None:
    """Draw a button for each tool, side by side. width, gap: points."""
    for name, words in TOOLS.items():
        chosen = ui.builder.tool == name
        if square(f"{ICONS[name]}##{name} in the view", chosen, width):
            ui.do("build", "" if chosen else name)
        hint(f"In the view. {words} Ctrl+click or the wheel selects a material.")
        imgui.same_line(0, gap)
    imgui.new_line()


class BuilderOverlay:
    """Draws the block under the pointer as a box, and its heights beside the pointer."""

    def draw(self, ui: PanelContext) -> None:
        x, y, width, height = ui.scene_box
        mouse = imgui.get_mouse_pos()
        inside = x <= mouse.x < x + width and y <= mouse.y < y + height and not imgui.get_io().want_capture_mouse
        if not ui.builder.tool or ui.open_scene is None or not (inside or ui.builder.press):
            return
        tool = ui.builder.press.tool if ui.builder.press else ui.builder.choose_by_shift(imgui.get_io().key_shift)
        target = self._target(ui, tool, ((mouse.x - x) / width, (mouse.y - y) / height), width / height)
        if target is None:
            return
        draw = imgui.get_background_draw_list()
        draw.push_clip_rect(imgui.ImVec2(x, y), imgui.ImVec2(x + width, y + height))
        tint = ui.palette.bad if tool == "remove" else ui.palette.accent
        matrix = ui.camera.matrix((max(1, int(width)), max(1, int(height))))
        corners = _corners(target)
        for face in FACES:
            points = outline(corners[list(face)], matrix)
            points = points * (width / 2, -height / 2) + (x + width / 2, y + height / 2)
            if len(points) < 3:
                continue
            line: Any = [imgui.ImVec2(*point) for point in points.tolist()]
            draw.add_convex_poly_filled(line, imgui.get_color_u32(colour(tint, 0.10)))
            draw.add_polyline(
                line, imgui.get_color_u32(colour("#000000", 0.5)), 3 * ui.scale, imgui.ImDrawFlags_.closed
            )
            draw.add_polyline(line, imgui.get_color_u32(colour(tint, 0.9)), 1.5 * ui.scale, imgui.ImDrawFlags_.closed)
        draw.pop_clip_rect()
        self._describe(ui, tool, target)

    def _target(self, ui: PanelContext, tool: str, place: tuple[float, float], aspect: float) -> Target | None:
        press, open_scene = ui.builder.press, ui.open_scene
        if press is not None:
            value = int(ui.scene.map[press.z, press.x])
            shown = value if value != EMPTY or tool == "raise" else int(press.scene.map[press.z, press.x])
            return Target(press.x, press.z, 0.0, find_top(ui.scene, shown))
        surface = open_scene and find_surface(open_scene.plan.blocks, ui.camera.position, aim(ui.camera, aspect, place))
        if surface is None or (tool == "place" and ui.builder.value in (EMPTY, NOT_ON_MAP)):
            return None
        value = min(ui.builder.value, len(ui.scene.materials))
        return find_target(ui.scene, surface, tool, value)

    def _describe(self, ui: PanelContext, tool: str, target: Target) -> None:
        scene, press = ui.scene, ui.builder.press
        value = ui.builder.value if tool == "place" and press is None else int(scene.map[target.z, target.x])
        name = scene.materials[value - 1].name if value != EMPTY else scene.floor or "empty ground"
        words = {"place": f"place {name}", "remove": f"remove {name}", "raise": name}[tool]
        if tool == "raise":
            before = find_top(press.scene, int(press.scene.map[press.z, press.x])) if press else target.top
            words += f"\n{before:.2f} → {target.top:.2f} blocks high" if press else f", {target.top:.2f} blocks high"
        if press is None or tool == "raise":
            imgui.set_tooltip(words)


def _corners(target: Target) -> np.ndarray:
    """Return float64 [8,3], a column's corners; bit 0 of the index is x, bit 1 y, bit 2 z."""
    low, high = (target.x, target.bottom, target.z), (target.x + 1, target.top, target.z + 1)
    return np.array([[(low, high)[i >> axis & 1][axis] for axis in range(3)] for i in range(8)], float)
