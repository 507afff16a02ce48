"""The scene panel: the map to paint on, its materials, and buttons to open and save scenes."""

from __future__ import annotations

from imgui_bundle import imgui

from app.panels.context import PanelContext, faint, hint
from app.panels.map import NOT_ON_MAP, MapView
from app.panels.materials import Materials
from app.panels.outdated import Outdated
from app.panels.prompts import PromptFields
from app.panels.style import draw_style
from app.session import Session
from app.state.keymap import BY_NAME
from scenes.scene import SKY

FILES = (("New…", "new"), ("\uf07c  Open…", "open"), ("\uf0c7  Save", "save_scene"), ("Save as…", "save_scene_as"))
SHARE = 0.58  # of the panel's width, for the map; the materials stand beside it


class ScenePanel:
    title = "Scene"

    def __init__(self) -> None:
        self.map = MapView()
        self.fields = PromptFields()
        self.outdated = Outdated()
        self.materials = Materials(self.fields, self.outdated)

    def draw(self, ui: PanelContext) -> Session:
        scene = ui.scene
        self._files(ui)
        if ui.open_scene is None:
            faint("Opening the scene.")
            return ui.session
        if ui.picked is not None:
            self.map.value = NOT_ON_MAP if ui.picked == SKY else ui.picked + 1
            ui.do("selected")
        self.map.value = min(self.map.value, len(scene.materials))
        self.map.tools(ui)
        self.outdated.update(ui.open_scene)
        height = self.map.draw(ui, scene, imgui.get_content_region_avail().x * SHARE)
        imgui.same_line()
        self.map.value = self.materials.choose(scene, self.map.value, height)
        self.outdated.draw(ui)
        draw_style(ui, self.fields, scene)
        self.map.value = self.materials.draw(ui, scene, self.map.value)
        return ui.session

    def _files(self, ui: PanelContext) -> None:
        height, width = ui.scene.map.shape
        for i, (label, action) in enumerate(FILES):
            if i:
                imgui.same_line()
            if imgui.button(label):
                ui.do(action)
            hint(BY_NAME[action].help)
        faint(f"{ui.scene.name}, {width} × {height} blocks")
