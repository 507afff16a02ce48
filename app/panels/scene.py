"""The scene panel: the map to paint on, its materials, and buttons to open and save scenes."""

from __future__ import annotations

from imgui_bundle import imgui

from app.panels.builder import draw_buttons
from app.panels.context import PanelContext, faint, hint, shortened
from app.panels.map import GAP, MapView
from app.panels.materials import Materials
from app.panels.outdated import Outdated
from app.panels.prompts import PromptFields
from app.panels.style import draw_style
from app.session import Session
from app.state.keymap import BY_NAME

FILES = (("New…", "new"), ("\uf07c  Open…", "open"), ("\uf0c7  Save", "save_scene"), ("Save as…", "save_scene_as"))
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
        height, width = ui.scene.map.shape
        for i, (label, action) in enumerate(FILES):
            if i:
                imgui.same_line()
            if imgui.button(label):
                ui.do(action)
            hint(BY_NAME[action].help)
        gap, button = GAP * ui.scale, imgui.get_frame_height() * 1.3
        room = imgui.get_content_region_avail().x - 3 * button - 2 * gap
        imgui.align_text_to_frame_padding()
        size = f", {width} × {height} blocks"
        imgui.text_disabled(shortened(ui.scene.name, room - imgui.calc_text_size(size).x - 2 * gap) + size)
        imgui.same_line(imgui.get_cursor_start_pos().x + room)
        draw_buttons(ui, button, gap)
