"""The materials of a scene: a list, and the settings of the selected one. Each change edits the scene."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from imgui_bundle import imgui

from app.gui.theme import colour
from app.panels.context import PanelContext, faint, hint, row_label, square, swatch
from app.panels.outdated import Outdated
from app.panels.prompts import PromptFields
from app.state.builder import NOT_ON_MAP
from engine.render.daylight import NOON
from scenes import edit
from scenes.materials import MAX_HEIGHT
from scenes.scene import EMPTY, SKY, Colour, Material, Scene

CHANGED = "\uf071"  # a warning sign
NAMES = 0.36  # share of a row for labels
NEGATIVE = "Negative prompt: what it must not look like"


class Materials:
    """Draws the list and the selected material. A selection is a map value, or NOT_ON_MAP for the sky."""

    def __init__(self, fields: PromptFields, outdated: Outdated) -> None:
        self.fields, self.outdated = fields, outdated
        self._counted: tuple[np.ndarray, np.ndarray] | None = None
        self._name: tuple[str, str] | None = None  # the material being renamed, and the typed text
        self._seen: int | None = None  # the selection of the last frame
        self._sought: int | None = None  # what the list scrolls to

    def choose(self, scene: Scene, value: int, height: float) -> int:
        """Draw the list, `height` points high. Returns the selection."""
        self._sought = value if value != self._seen else None  # selected elsewhere: it may be out of sight
        if imgui.begin_child("materials", imgui.ImVec2(-1, height), imgui.ChildFlags_.frame_style):
            blocks = self._blocks(scene)
            for i, material in enumerate(scene.materials):
                note, about = count_note(scene, material.name, int(blocks[i + 1]))
                if self.outdated.texels(i):
                    note, about = CHANGED, f"{about}. Painted with another prompt."
                value = self._row(material.name, material.display, note, about, i + 1, value)
            empty = f"{blocks[EMPTY]:,}"
            value = self._row("empty ground", None, empty, f"{empty} blocks", EMPTY, value)
            note, about = (CHANGED, "painted with another prompt") if self.outdated.texels(SKY) else ("", "")
            value = self._row("sky", scene.background.display or NOON, note, about, NOT_ON_MAP, value)
        imgui.end_child()
        self._seen = value
        return value

    def _row(self, name: str, shade: Colour | None, note: str, about: str, value: int, chosen: int) -> int:
        if value == self._sought and not imgui.is_rect_visible(imgui.ImVec2(1, imgui.get_text_line_height())):
            imgui.set_scroll_here_y()
        return _row(name, shade, note, about, value, chosen)

    def draw(self, ui: PanelContext, scene: Scene, value: int) -> int:
        """Draw all settings of the selection. Returns the selection, which changes with the list."""
        if value == NOT_ON_MAP:
            self._sky(ui, scene)
        elif value == EMPTY:
            faint("Empty ground has only the floor and the ceiling.")
            self._layers(ui, scene)
        else:
            value = self._order(ui, scene, value - 1) + 1
            if value == EMPTY or value > len(scene.materials):
                return max(value, 1)
            self._material(ui, scene, value - 1)
        return value

    def _material(self, ui: PanelContext, scene: Scene, index: int) -> None:
        material = scene.materials[index]

        def change(**fields: Any) -> None:
            ui.do("edit_scene", lambda s: edit.change_material(s, index, **fields))

        self._title(material, change)
        changed, prompt = self.fields.prompt(ui, f"##prompt{material.name}", material.prompt)
        if changed:
            change(prompt=prompt)
        changed, negative = self.fields.line(f"##negative{material.name}", NEGATIVE, material.negative_prompt)
        if changed:
            change(negative_prompt=negative)
        self._repaint(ui, index, "Erase the paint on this material, so that it is painted again.")
        _shape(material, change)
        others = [m.name for m in scene.materials if m.name != material.name]
        for field, label, text in (
            ("material_over", "On top", "Material stacked on this one, from its top up to its own height."),
            ("material_under", "Below", "Material that fills the space below this one, up to its own height."),
        ):
            changed, name = _link(label, text, getattr(material, field), others)
            if changed:
                change(**{field: name})

    def _title(self, material: Material, change: Callable[..., None]) -> None:
        """Draw the colour and the name."""
        shade = _colour("##display", material.display, "Colour on the map and before painting.")
        if shade is not None:
            change(display=shade)
        imgui.same_line()
        imgui.set_next_item_width(-1)
        known = self._name[1] if self._name and self._name[0] == material.name else material.name
        _, typed = imgui.input_text("##name", known)
        self._name = (material.name, typed) if imgui.is_item_active() else None
        hint("Name.")
        if imgui.is_item_deactivated_after_edit() and typed.strip() != material.name:
            change(name=typed)

    def _order(self, ui: PanelContext, scene: Scene, index: int) -> int:
        """Draw the buttons that change the list. Returns the index to select."""
        do: Callable[[Callable[[Scene], Scene]], None] = partial(ui.do, "edit_scene")
        last = len(scene.materials) - 1
        for icon, text, allowed, where, act in (
            ("\u002b", "Add a copy of this material.", True, index + 1, lambda s: edit.add_material(s, index)),
            ("\uf1f8", "Remove this material. Its blocks become empty ground.", last > 0, max(index - 1, 0),
             lambda s: edit.remove_material(s, index)),
            ("\uf062", "Move up.", index > 0, index - 1, lambda s: edit.move_material(s, index, index - 1)),
            ("\uf063", "Move down.", index < last, index + 1, lambda s: edit.move_material(s, index, index + 1)),
        ):  # fmt: skip
            imgui.begin_disabled(not allowed)
            if square(f"{icon}##{text}", width=1.25 * imgui.get_frame_height()):
                do(act)
                imgui.end_disabled()
                imgui.new_line()
                return where
            hint(text)
            imgui.end_disabled()
            imgui.same_line()
        imgui.new_line()
        return index

    def _sky(self, ui: PanelContext, scene: Scene) -> None:
        background = scene.background

        def change(**fields: Any) -> None:
            ui.do("edit_scene", lambda s: edit.change_background(s, **fields))

        shade = _colour(
            "##sky", background.display or NOON, "Sky colour before painting. A dark colour makes it night."
        )
        if shade is not None:
            change(display=shade)
        imgui.same_line()
        imgui.text_unformatted("sky")
        changed, prompt = self.fields.prompt(ui, "##sky prompt", background.prompt)
        if changed:
            change(prompt=prompt)
        changed, negative = self.fields.line("##sky negative", NEGATIVE, background.negative_prompt)
        if changed:
            change(negative_prompt=negative)
        self._repaint(ui, SKY, "Erase the painted sky, so that it is painted again.")

    def _repaint(self, ui: PanelContext, index: int, text: str) -> None:
        if imgui.button("\uf1fc  Repaint"):
            ui.do("erase_material", index)
        hint(text)
        if index != SKY:
            imgui.same_line()
            if imgui.button("\uf522  Variations"):
                ui.do("variations", index)
            hint("Dream this material in this view with four seeds, and keep one of them. All other paint stays.")
        if self.outdated.texels(index):
            imgui.same_line()
            imgui.text_colored(colour(ui.palette.warning), f"{CHANGED} prompt changed")
            hint("The prompt or the style changed since this was painted. New prompts affect only new paint.")

    def _layers(self, ui: PanelContext, scene: Scene) -> None:
        names = [m.name for m in scene.materials]
        for field, label, text in (
            ("floor", "Floor", "Material of the ground where nothing stands."),
            ("ceiling", "Ceiling", "Material of the ceiling over empty ground."),
        ):
            changed, name = _link(label, text, getattr(scene, field), names)
            if changed:
                ui.do("edit_scene", lambda s, f=field, n=name: edit.change_scene(s, **{f: n}))
        row_label(
            "Voxels per block", "How finely blocks are painted. Changing it repaints everything but the sky.", NAMES
        )
        moved, fine = imgui.slider_int("##voxels", scene.voxels_per_block, 1, 16, flags=imgui.SliderFlags_.always_clamp)
        if moved:
            ui.do("edit_scene", lambda s: edit.change_scene(s, voxels_per_block=fine))

    def _blocks(self, scene: Scene) -> np.ndarray:
        """Return the pixel count of each map value; recounted when the map changes."""
        if self._counted is None or self._counted[0] is not scene.map:
            self._counted = scene.map, np.bincount(scene.map.ravel(), minlength=256)
        return self._counted[1]


def count_note(scene: Scene, name: str, blocks: int) -> tuple[str, str]:
    """Return (a short note for a material's line, its tooltip): the number of its blocks on the map, or its other uses."""
    layers = [layer for layer in ("floor", "ceiling") if getattr(scene, layer) == name]
    words = [f"{blocks:,}", *layers] if blocks or not layers else layers
    return " + ".join(words), ", ".join([f"{blocks:,} blocks on the map", *(f"the whole {layer}" for layer in layers)])


def _row(name: str, shade: Colour | None, note: str, about: str, value: int, chosen: int) -> int:
    """Draw a line of the list, with its note at the right if there is room. about: tooltip."""
    imgui.push_id(value)
    end = imgui.get_cursor_pos_x() + imgui.get_content_region_avail().x - imgui.calc_text_size(note).x
    swatch(shade)
    imgui.same_line()
    room = end - imgui.get_cursor_pos_x() - imgui.calc_text_size(name).x
    imgui.push_style_color(imgui.Col_.header, imgui.get_style_color_vec4(imgui.Col_.button_active))
    clicked = imgui.selectable(name, value == chosen)[0]
    imgui.pop_style_color()
    hint(f"{name}: {about}" if about else "")
    if room > imgui.get_style().item_spacing.x:
        imgui.same_line(end)
        (imgui.text_unformatted if value == chosen else imgui.text_disabled)(
            note
        )  # faint text is unreadable on the selection
    imgui.pop_id()
    return value if clicked else chosen


def _shape(material: Material, change: Callable[..., None]) -> None:
    """Height, start and opacity."""
    clamp = imgui.SliderFlags_.always_clamp
    row_label("Height", "Top, in blocks above the ground.", NAMES)
    moved, height = imgui.drag_float("##height", material.height, 0.05, 0.0, MAX_HEIGHT, "%.2f blocks", clamp)
    if moved:
        change(height=height, start_height=min(material.start_height, max(0.0, height - 0.05) if height else 0.0))
    row_label("Starts at", "Bottom, in blocks above the ground; 0 stands on the ground.", NAMES)
    most = max(0.0, material.height - 0.05)
    moved, start = imgui.drag_float("##start", material.start_height, 0.05, 0.0, most, "%.2f blocks", clamp)
    if moved and material.height:
        change(start_height=min(start, most))
    row_label("Opacity", "0 builds nothing; below 1 is see-through.", NAMES)
    moved, opacity = imgui.slider_float("##opacity", material.opacity, 0.0, 1.0, "%.2f", clamp)
    if moved:
        change(opacity=opacity)


def _link(label: str, text: str, name: str | None, names: list[str]) -> tuple[bool, str | None]:
    """Draw a combo of materials; return (changed, name), None for no material."""
    row_label(label, text, NAMES)
    chosen = name
    if imgui.begin_combo(f"##{label}", name or "nothing"):
        for choice in (None, *names):
            if imgui.selectable(choice or "nothing", choice == name)[0]:
                chosen = choice
        imgui.end_combo()
    hint(text)
    return chosen != name, chosen


def _colour(label: str, shade: Colour, text: str) -> Colour | None:
    """Draw a colour field; return the new colour, or None."""
    flags = imgui.ColorEditFlags_.no_inputs | imgui.ColorEditFlags_.no_alpha
    changed, picked = imgui.color_edit3(label, [c / 255 for c in shade], flags)
    hint(text)
    if not changed:
        return None
    red, green, blue = (round(float(c) * 255) for c in list(picked)[:3])
    return red, green, blue
