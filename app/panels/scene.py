"""The scene's words: what each material and the sky are asked to look like; opening other scenes, saving this one."""

from __future__ import annotations

from dataclasses import replace

from imgui_bundle import imgui

from app.panels.context import PanelContext, faint, hint
from app.session import Session
from app.theme import colour
from scenes.load import BUILTIN
from scenes.scene import Material, Scene


class ScenePanel:
    title = "Scene"

    def __init__(self) -> None:
        self._typed = ""
        self._typing: dict[
            int, str
        ] = {}  # what is being typed, by ImGui's id of the field; empty again when it is left

    def draw(self, ui: PanelContext) -> Session:
        self._open(ui)
        scene = ui.scene
        height, width = scene.map.shape
        imgui.separator_text(f"{scene.name}, {width} × {height} blocks")
        background = scene.background
        changed, prompt, negative = _words(self._typing, "sky", background.prompt, background.negative_prompt)
        if changed:
            ui.do("set_scene", replace(scene, background=replace(background, prompt=prompt, negative_prompt=negative)))
        for index, material in enumerate(scene.materials):
            changed, prompt, negative = _words(
                self._typing, material.name, material.prompt, material.negative_prompt, material
            )
            if changed:
                ui.do("set_scene", with_words(scene, index, prompt, negative))
        if imgui.button("\uf0c7  Save scene"):
            ui.do("save_scene")
        hint("Write map.png, materials.yaml and the camera paths into a folder in the data folder.")
        faint(
            "Words apply to the next dream; what is painted stays. Erase a material in the Volume panel to see it anew."
        )
        return ui.session

    def _open(self, ui: PanelContext) -> None:
        for i, name in enumerate(BUILTIN):
            if i:
                imgui.same_line()
            if imgui.button(name.capitalize()):
                ui.do("open_scene", name)
            hint(f"Open the built-in scene {name}.")
        imgui.set_next_item_width(-70 * ui.scale)
        enter = imgui.InputTextFlags_.enter_returns_true
        done, self._typed = imgui.input_text_with_hint("##folder", "Folder of a scene", self._typed, enter)
        hint("A folder with map.png and materials.yaml. Dropping one on the window opens it, too.")
        imgui.same_line()
        if (imgui.button("Open", imgui.ImVec2(-1, 0)) or done) and self._typed.strip():
            ui.do("open_scene", self._typed.strip())


def with_words(scene: Scene, index: int, prompt: str, negative: str) -> Scene:
    """The scene with other prompts for one material."""
    material = replace(scene.materials[index], prompt=prompt, negative_prompt=negative)
    return replace(scene, materials=(*scene.materials[:index], material, *scene.materials[index + 1 :]))


def _words(
    typing: dict[int, str], name: str, prompt: str, negative: str, material: Material | None = None
) -> tuple[bool, str, str]:
    """(changed, prompt, negative prompt) of one material, as two fields that commit on Enter or when left."""
    imgui.push_id(name)
    shade = (120, 160, 210) if material is None else material.display
    imgui.text_colored(colour("#" + bytes(shade).hex()), "■")
    imgui.same_line()
    imgui.text_unformatted(name)
    if material is not None:
        imgui.same_line()
        imgui.text_disabled(f"{material.start_height:g} to {material.height:g} blocks high")
    first, prompt = _line(typing, "##prompt", "prompt", prompt)
    second, negative = _line(typing, "##negative", "negative prompt: what it must not look like", negative)
    imgui.pop_id()
    return first or second, prompt, negative


def _line(typing: dict[int, str], label: str, empty: str, text: str) -> tuple[bool, str]:
    """(committed, text) of a field that fills the row."""
    identity = imgui.get_id(label)
    imgui.set_next_item_width(-1)
    _, typed = imgui.input_text_with_hint(label, empty, typing.get(identity, text))
    if imgui.is_item_active():
        typing[identity] = typed
        return False, text
    typing.pop(identity, None)
    return imgui.is_item_deactivated_after_edit() and typed != text, typed
