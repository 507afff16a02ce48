"""The scene under one's hands: its map to paint on, its materials beside it, other scenes to open, this one to save."""

from __future__ import annotations

from pathlib import Path

from imgui_bundle import imgui

from app.panels.context import PanelContext, faint, hint
from app.panels.map import MapView
from app.panels.materials import Materials
from app.panels.prompts import PromptFields
from app.session import Session
from scenes.load import BUILTIN

SHARE = 0.58  # of the panel's width, for the map; the materials stand beside it


class ScenePanel:
    title = "Scene"

    def __init__(self) -> None:
        self.map = MapView()
        self.fields = PromptFields()
        self.materials = Materials(self.fields)
        self._folder, self._side = "", 32

    def draw(self, ui: PanelContext) -> Session:
        scene = ui.scene
        self._files(ui)
        if ui.stage is None:
            faint("The scene is being opened.")
            return ui.session
        self.map.value = min(self.map.value, len(scene.materials))
        self.map.tools(ui)
        height = self.map.draw(ui, scene, imgui.get_content_region_avail().x * SHARE)
        imgui.same_line()
        self.map.value = self.materials.choose(scene, self.map.value, height)
        self.map.value = self.materials.draw(ui, scene, self.map.value)
        return ui.session

    def _files(self, ui: PanelContext) -> None:
        height, width = ui.scene.map.shape
        for label, popup in (("\uf07c  New, open…", "open scene"), ("\uf0c7  Save as…", "save scene as")):
            if imgui.button(label):
                self._folder = str(Path(ui.session.scene.ref or "")) if popup == "save scene as" else ""
                imgui.open_popup(popup)
            imgui.same_line()
        if imgui.button("\uf0c7  Save"):
            ui.do("save_scene")
        hint("Write map, materials and camera paths to this scene's folder; a built-in scene goes to the data folder.")
        faint(f"{ui.scene.name}, {width} × {height} blocks")
        if imgui.begin_popup("open scene"):
            for name in BUILTIN:
                if imgui.selectable(name.capitalize(), False)[0]:
                    ui.do("open_scene", name)
            imgui.separator()
            imgui.set_next_item_width(imgui.get_font_size() * 8)
            _, self._side = imgui.slider_int("##side", self._side, 8, 128, "%d blocks a side")
            imgui.same_line()
            if imgui.button("New"):
                ui.do("new_scene", self._side, self._side)
                imgui.close_current_popup()
            hint("A meadow to build on, with a few materials.")
            imgui.separator()
            if self._typed(ui, "Open"):
                ui.do("open_scene", self._folder.strip())
            faint("A folder with map.png and materials.yaml. Dropping one on the window opens it, too.")
            imgui.end_popup()
        if imgui.begin_popup("save scene as"):
            if self._typed(ui, "Save"):
                ui.do("save_scene", Path(self._folder.strip()).expanduser())
            faint("map.png, materials.yaml and the camera paths go into this folder.")
            imgui.end_popup()

    def _typed(self, ui: PanelContext, verb: str) -> bool:
        """A field for a folder and a button; True when it is confirmed."""
        enter = imgui.InputTextFlags_.enter_returns_true
        imgui.set_next_item_width(imgui.get_font_size() * 20)
        done, self._folder = imgui.input_text_with_hint("##folder", "Folder of a scene", self._folder, enter)
        imgui.same_line()
        confirmed = (imgui.button(verb) or done) and bool(self._folder.strip())
        if confirmed:
            imgui.close_current_popup()
        return confirmed
