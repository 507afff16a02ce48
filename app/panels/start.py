"""The start page: built-in and recent scenes as pictures, a new scene, and other files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from imgui_bundle import imgui

from app.files.scene_pictures import SIZE
from app.gui.theme import colour
from app.panels.context import PanelContext, hint, shorten_to_width
from app.panels.dialog import begin_dialog, dialog_height, dialog_width
from app.session import Session
from scenes.load import BUILTIN

WIDE = 66  # letters
COLUMNS = 4
RECENT = 8  # maximum number of recent scenes
ABOUT = {
    "hamlet": "Cottages around a pond",
    "ruins": "Columns around a pool",
    "city": "Streets at night",
}


class StartPage:
    """Draws the page while `Overlays.start` is set and no dialog is open."""

    def draw(self, ui: PanelContext) -> Session:
        """Draw the page; return the session, in which only "Show at start" may change."""
        begin_dialog("Start", 0.5)
        gap = imgui.get_style().item_spacing.x
        width = (dialog_width(WIDE) - (COLUMNS - 1) * gap - imgui.get_style().scrollbar_size) / COLUMNS
        recent = [name for name in ui.recent if name not in BUILTIN and ui.scene_picture(name) is not None][:RECENT]
        rows = 1 + -(-len(recent) // COLUMNS)
        tall = rows * (_height(width) + 4 * imgui.get_text_line_height_with_spacing())
        imgui.begin_child("scenes", imgui.ImVec2(dialog_width(WIDE), min(tall, dialog_height(0.66))))
        imgui.separator_text("Built-in scenes")
        for name in BUILTIN:
            if self._card(ui, name, name.capitalize(), ABOUT.get(name, ""), width):
                ui.do("start_scene", name)
            hint("Open this scene. It is never changed: saving makes a copy.")
            imgui.same_line(0, gap)
        if self._card(ui, "", "New scene…", "An empty plain to build on", width):
            ui.do("new")
        hint("Choose a size and the material of the ground. The scene gets a folder of its own.")
        if recent:
            imgui.separator_text("Recent scenes")
        for i, name in enumerate(recent):
            found = ui.scene_picture(name)
            if self._card(ui, name, Path(name).stem, found.day if found else "", width):
                ui.do("start_scene", name)
            hint(name)
            if i % COLUMNS < COLUMNS - 1 and i < len(recent) - 1:
                imgui.same_line(0, gap)
        imgui.end_child()
        imgui.separator()
        session = self._buttons(ui)
        imgui.end()
        return session

    def _buttons(self, ui: PanelContext) -> Session:
        if imgui.button("\uf07c  Open…"):
            ui.do("open")
        hint(
            "Open a scene's folder, a map, a world or a picture made with Rayverie. You can also drop it on the window."
        )
        imgui.same_line()
        if imgui.button(f"Continue with {shorten_to_width(ui.scene.name, imgui.get_font_size() * 12)}"):
            ui.overlays.start = False
        hint("Esc does the same.")
        imgui.same_line()
        view = ui.session.view
        changed, shown = imgui.checkbox("Show at start", view.start_page)
        hint("Show this page when the program opens without a scene. File > Start page always does.")
        return replace(ui.session, view=replace(view, start_page=shown)) if changed else ui.session

    def _card(self, ui: PanelContext, name: str, title: str, about: str, width: float) -> bool:
        """Draw a picture with a title and a line below; return whether it was clicked. name: of the scene, "" for an empty card."""
        imgui.begin_group()
        corner, tall = imgui.get_cursor_screen_pos(), _height(width)
        line = imgui.get_text_line_height_with_spacing()
        clicked = imgui.invisible_button(f"##card{name}", imgui.ImVec2(width, tall + 2 * line))
        hovered, draw = imgui.is_item_hovered(), imgui.get_window_draw_list()
        low, high = corner, imgui.ImVec2(corner.x + width, corner.y + tall)
        found = ui.scene_picture(name) if name else None
        if found is not None and found.picture is not None:
            draw.add_image(ui.picture(f"start {name}", found.picture), low, high)
        else:
            draw.add_rect_filled(low, high, imgui.get_color_u32(imgui.Col_.frame_bg))
            if not name:
                size, plus = imgui.get_font_size() * 2, "\u002b"
                middle = imgui.ImVec2(low.x + width / 2 - size * 0.28, low.y + tall / 2 - size / 2)
                draw.add_text(imgui.get_font(), size, middle, imgui.get_color_u32(imgui.Col_.text), plus)
        ink = colour(ui.palette.accent) if hovered else colour("#000000", 0.4)
        draw.add_rect(low, high, imgui.get_color_u32(ink), 0.0, (2.5 if hovered else 1.0) * ui.scale)
        for row, (text, kind) in enumerate(((title, imgui.Col_.text), (about, imgui.Col_.text_disabled))):
            place = imgui.ImVec2(low.x, high.y + (row + 0.15) * line)
            draw.add_text(place, imgui.get_color_u32(kind), shorten_to_width(text, width))
        imgui.end_group()
        return clicked


def _height(width: float) -> float:
    return width * SIZE[1] / SIZE[0]
