"""Dialogs for files: new scene, open, save scene as, export world."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from imgui_bundle import imgui

from app.files.folder_listing import CAPTIONS, EXPORT, KINDS, Entry
from app.files.gallery.gallery import gallery_folder
from app.panels.browser import Browser
from app.panels.context import PanelContext, faint, hint
from app.panels.dialog import begin_dialog
from app.state.overlays import FileDialog
from scenes.blank import GROUNDS
from scenes.load import BUILTIN


class Saving(NamedTuple):
    """A dialog that saves. kind: of files shown; field: label of the name; action: called with the path; suffix: added to the name."""

    title: str
    words: str
    kind: str
    field: str
    action: str
    suffix: str = ""


# `FileDialog.kind` → the title, the kinds of files that the dialog shows, and the action that opens one.
FILES = {
    "picture": ("Open a picture", ("picture",), "open_picture"),
    "input": ("Choose a picture to start from", ("picture",), "use_input"),
    "mask": ("Choose a mask: white is repainted", ("picture",), "use_mask_file"),
    "control": ("Choose a picture for the ControlNets", ("picture",), "use_control"),
    "upscaler": ("Choose an upscaler, a .safetensors file", ("world",), "use_upscaler"),
    "bank": ("Choose a bank of prompts, a text or .safetensors file", (CAPTIONS, "world"), "use_bank"),
    "settings": ("Take the settings of a generated picture", ("picture",), "use_settings"),
    "path": ("Open a camera path", ("camera path",), "open"),
}
# `FileDialog.kind` → the title, what to choose, the button, and the action that gets the folder.
FOLDERS = {
    "models": (
        "List the models of a folder",
        "Choose a folder with models, LoRAs, ControlNets or IP-Adapters in .safetensors files.",
        "List this folder",
        "add_models",
    ),
    "run": (
        "Open a training run",
        "Choose the folder that `rayverie train` writes: it holds log.jsonl and a folder of samples.",
        "Open this run",
        "open_run",
    ),
}
# `FileDialog.kind` → a dialog that asks for a name.
SAVES = {
    "save_as": Saving(
        "Save scene as",
        "Saves map.png, materials.yaml and the camera paths in a folder of this name.",
        "scene",
        "Scene name",
        "save_scene",
    ),
    "export_world": Saving(
        "Export world",
        "Saves the world, then writes one GLB file for Blender, Godot, three.js and other programs.",
        EXPORT,
        "File name",
        "write_export",
        ".glb",
    ),
}
OPENED = tuple(kind for kind in dict.fromkeys(KINDS.values()) if kind not in (CAPTIONS, EXPORT))
SIDES = (8, 256)  # blocks of a new scene


class FileDialogs:
    """Draws the `FileDialog` that is open."""

    def __init__(self) -> None:
        self._shown: FileDialog | None = None
        self.browser = Browser()
        self._sides, self._ground = [32, 32], GROUNDS[0]
        self._name = ""
        self._picked: Entry | None = None  # the entry whose name was taken

    def draw(self, ui: PanelContext) -> None:
        dialog = ui.overlays.file_dialog
        if dialog is not None and dialog is not self._shown:
            self._name = dialog.name
            self.browser.go(dialog.folder)
        self._shown = dialog
        if dialog is None:
            return
        if dialog.kind in FILES:
            self._file(ui, *FILES[dialog.kind])
        elif dialog.kind in FOLDERS:
            self._folder(ui, *FOLDERS[dialog.kind])
        elif dialog.kind in SAVES:
            self._save(ui, SAVES[dialog.kind])
        else:
            {"new": self._new, "open": self._open}[dialog.kind](ui)

    def _new(self, ui: PanelContext) -> None:
        dialog = ui.overlays.file_dialog
        assert dialog is not None
        begin_dialog("New scene", 0.4)
        faint("Creates an empty plain with a few materials to build with.")
        wide = imgui.get_font_size() * 20
        imgui.set_next_item_width(wide)
        if imgui.is_window_appearing():
            imgui.set_keyboard_focus_here()
        done, self._name = imgui.input_text("Name", self._name, imgui.InputTextFlags_.enter_returns_true)
        imgui.set_next_item_width(wide)
        _, self._sides = imgui.slider_int2("Width and depth", self._sides, *SIDES, "%d blocks", flags=_CLAMP)
        imgui.set_next_item_width(wide)
        if imgui.begin_combo("Ground", self._ground.capitalize()):
            for ground in GROUNDS:
                if imgui.selectable(ground.capitalize(), ground == self._ground)[0]:
                    self._ground = ground
            imgui.end_combo()
        name = self._name.strip()
        fits = bool(name) and Path(name).name == name and name not in (".", "..", *BUILTIN)
        folder = dialog.folder / name
        faint(
            f"It is saved in {folder}"
            if fits
            else "The name of a built-in scene is taken."
            if name
            else "It needs a name."
        )
        imgui.begin_disabled(not fits)
        if (imgui.button("Create") or done) and fits:
            ui.overlays.file_dialog = None
            ui.do("new_scene", *self._sides, self._ground, folder)
        imgui.end_disabled()
        _cancel(ui)
        imgui.end()

    def _open(self, ui: PanelContext) -> None:
        begin_dialog("Open", 0.4)
        faint(
            "A scene folder, a map with its materials, a world, a camera path, or a picture or video made with Rayverie."
        )
        opened = self.browser.draw(ui, self._places(ui), OPENED)
        chosen = opened or self.browser.chosen
        for name in BUILTIN:
            if imgui.button(f"\uf1b2  {name.capitalize()}"):
                ui.overlays.file_dialog = None
                ui.do("open_scene", name)
            hint("Built-in scene.")
            imgui.same_line()
        imgui.begin_disabled(chosen is None)
        if (imgui.button("Open") or opened is not None) and chosen is not None:
            if chosen.kind == "folder":
                self.browser.go(chosen.path)
            else:
                ui.overlays.file_dialog = None
                ui.do("open", chosen.path)
        imgui.end_disabled()
        _cancel(ui)
        imgui.end()

    def _folder(self, ui: PanelContext, title: str, words: str, button: str, action: str) -> None:
        begin_dialog(title, 0.4)
        faint(words)
        opened = self.browser.draw(ui, self._places(ui), kinds=("folder",))
        chosen = opened or self.browser.chosen
        if imgui.button(button):
            ui.overlays.file_dialog = None
            ui.do(action, self.browser.folder if chosen is None else chosen.path)
        _cancel(ui)
        imgui.end()

    def _file(self, ui: PanelContext, title: str, kinds: tuple[str, ...], action: str) -> None:
        begin_dialog(title, 0.4)
        opened = self.browser.draw(ui, self._places(ui), kinds)
        chosen = opened or self.browser.chosen
        imgui.begin_disabled(chosen is None or chosen.folder)
        if (imgui.button("Open") or opened is not None) and chosen is not None and not chosen.folder:
            ui.overlays.file_dialog = None
            ui.do(action, chosen.path)
        imgui.end_disabled()
        _cancel(ui)
        imgui.end()

    def _save(self, ui: PanelContext, saving: Saving) -> None:
        begin_dialog(saving.title, 0.4)
        faint(saving.words)
        self.browser.draw(ui, self._places(ui), kinds=(saving.kind,))
        if self.browser.chosen is not None and self.browser.chosen is not self._picked:
            self._picked, self._name = self.browser.chosen, self.browser.chosen.path.name
        imgui.set_next_item_width(imgui.get_font_size() * 24)
        enter = imgui.InputTextFlags_.enter_returns_true
        done, self._name = imgui.input_text_with_hint("##name", saving.field, self._name, enter)
        name = _with_suffix(self._name.strip(), saving.suffix)
        fits = name not in ("", ".", "..", saving.suffix) and not any(c in name for c in '/\\:*?"<>|')
        imgui.same_line()
        imgui.begin_disabled(not fits)
        if imgui.button("Replace" if self.browser.has(name) else "Save") or (done and fits):
            ui.overlays.file_dialog = None
            ui.do(saving.action, self.browser.folder / name)
        imgui.end_disabled()
        _cancel(ui)
        imgui.end()

    def _places(self, ui: PanelContext) -> dict[str, Path]:
        folders = ui.folders
        return {
            "Home": Path.home(),
            "Scenes": folders.data / "scenes",
            "Worlds": folders.data / "worlds",
            "Pictures": folders.pictures,
            "Gallery": gallery_folder(folders.data) / "pictures",
        }


def _with_suffix(name: str, suffix: str) -> str:
    return name if name.lower().endswith(suffix) else name + suffix


def _cancel(ui: PanelContext) -> None:
    imgui.same_line()
    if imgui.button("Cancel"):
        ui.overlays.file_dialog = None


_CLAMP = imgui.SliderFlags_.always_clamp
