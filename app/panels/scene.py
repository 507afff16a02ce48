"""The scene panel: the map to paint on, its materials, and buttons to open and save scenes."""

from __future__ import annotations

from imgui_bundle import imgui

from app.panels.builder import draw_buttons
from app.panels.context import PanelContext, faint, hint, shorten_to_width, square
from app.panels.map import GAP, MapView
from app.panels.materials import Materials
from app.panels.outdated import Outdated
from app.panels.prompts import PromptFields
from app.panels.style import draw_style
from app.session import Session
from app.state.keymap import BY_NAME

FILES = (("\uf15b", "new"), ("\uf07c", "open"), ("\uf0c7", "save_scene"), ("\uf56e", "save_scene_as"))
SHARE = 0.58  # of the panel's width, for the map; the materials stand beside it


class ScenePanel:
    title = "Scene"

    def __init__(self) -> None:
        self.map = MapView()
        self._value = 1  # that is selected, as of the last frame
        self.fields = PromptFields()
        self.outdated = Outdated()
        self.materials = Materials(self.fields, self.outdated)

    def draw(self, ui: PanelContext) -> Session:
        scene = ui.scene
        self._files(ui)
        if ui.open_scene is None:
            faint("Opening the scene.")
            return ui.session
        if ui.builder.value != self._value:  # selected in the view
            self.map.value = ui.builder.value
        self.map.value = min(self.map.value, len(scene.materials))
        self.map.tools(ui)
        self.outdated.update(ui.open_scene)
        height = self.map.draw(ui, scene, imgui.get_content_region_avail().x * SHARE)
        imgui.same_line()
        self.map.value = self.materials.choose(scene, self.map.value, height)
        self.outdated.draw(ui)
        draw_style(ui, self.fields, scene)
        self.map.value = self.materials.draw(ui, scene, self.map.value)
        self._value = ui.builder.value = self.map.value
        return ui.session

    def _files(self, ui: PanelContext) -> None:
        """One row: files, the scene's name and the tools for the view."""
        height, width = ui.scene.map.shape
        gap, button = GAP * ui.scale, imgui.get_frame_height() * 1.25
        right = imgui.get_cursor_pos_x() + imgui.get_content_region_avail().x - 3 * button - 2 * gap
        for icon, action in FILES:
            if square(f"{icon}##{action}", width=button):
                ui.do(action)
            hint(f"{BY_NAME[action].title}: {BY_NAME[action].help}")
            imgui.same_line(0, gap)
        imgui.same_line(0, 3 * gap)
        imgui.align_text_to_frame_padding()
        imgui.text_disabled(shorten_to_width(ui.scene.name, right - imgui.get_cursor_pos_x() - 2 * gap))
        hint(f"{ui.scene.name}, {width} × {height} blocks")
        imgui.same_line(right)
        draw_buttons(ui, button, gap)
