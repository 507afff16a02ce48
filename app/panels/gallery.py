"""The gallery panel: generated pictures, newest first, with a search and commands."""

from __future__ import annotations

from imgui_bundle import imgui

from app.files.gallery.entry import Entry
from app.gui.theme import colour
from app.panels.context import PanelContext, faint, hint, shorten_to_width, square
from app.panels.gallery_commands import PIN, commands_of, draw_buttons, draw_menu
from app.panels.picture import progress_text
from app.panels.picture_view import fit_size
from app.session import Session
from base.errors import escape_controls

WAITING = "\uf252"  # an hour-glass
TILE = 92.0  # points a side, at least


class GalleryPanel:
    title = "Gallery"

    def draw(self, ui: PanelContext) -> Session:
        view = ui.pictures.gallery
        view.watched_at = ui.now
        self._search(ui)
        chosen = view.chosen_entries
        lines = imgui.get_text_line_height_with_spacing() + 3 * imgui.get_frame_height_with_spacing()
        if imgui.begin_child("pictures", imgui.ImVec2(0, -lines if chosen else 0)):
            self._grid(ui)
        imgui.end_child()
        if chosen:
            self._draw_chosen(ui, chosen)
        return ui.session

    def _search(self, ui: PanelContext) -> None:
        view, style = ui.pictures.gallery, imgui.get_style()
        undo = "\uf2ea  Undo delete" if view.deleted else ""
        width = imgui.get_frame_height() + style.item_spacing.x
        if undo:
            width += imgui.calc_text_size(undo).x + 2 * style.frame_padding.x + style.item_spacing.x
        imgui.set_next_item_width(imgui.get_content_region_avail().x - width)
        _, view.query = imgui.input_text_with_hint("##search", "\uf002  Search in prompts", view.query)
        hint("Every word must occur in the prompts, the model's name or the seed.")
        imgui.same_line()
        if square(f"{PIN}##only", view.pinned_only):
            view.pinned_only = not view.pinned_only
        hint("Show pinned pictures only.")
        if undo:
            imgui.same_line()
            if imgui.button(undo):
                ui.do("undo_delete")
            hint("Bring back the picture that was deleted last.")

    def _grid(self, ui: PanelContext) -> None:
        view, progress = ui.pictures.gallery, ui.pictures.progress
        gap, room = imgui.get_style().item_spacing.x, imgui.get_content_region_avail().x
        columns = max(1, int((room + gap) / (TILE * ui.scale + gap)))
        side = (room + gap) / columns - gap
        found = view.found
        if view.listing is None:
            faint("Reading the gallery.")
            return
        if not found and not progress.busy:
            faint(_empty(ui))
            return
        tiles: list[Entry | None] = [None, *found] if progress.busy else [*found]
        clipper = imgui.ListClipper()
        clipper.begin(-(-len(tiles) // columns), side + imgui.get_style().item_spacing.y)
        while clipper.step():
            for row in range(clipper.display_start, clipper.display_end):
                for place, entry in enumerate(tiles[row * columns : (row + 1) * columns]):
                    if place:
                        imgui.same_line()
                    if entry is None:
                        _running(ui, side)
                    else:
                        _tile(ui, entry, side)

    def _draw_chosen(self, ui: PanelContext, chosen: tuple[Entry, ...]) -> None:
        """Draw the selected picture's settings and commands."""
        entry, room = chosen[-1], imgui.get_content_region_avail().x
        words = " | ".join((entry.prompt or "(no settings)", *entry.further))
        seed = "" if entry.seed is None else f" · seed {entry.seed}"
        facts = f"{entry.size[0]}×{entry.size[1]}{seed}"
        wide = imgui.calc_text_size(facts).x
        imgui.text_unformatted(shorten_to_width(words, room - wide - imgui.get_style().item_spacing.x))
        where = f"{entry.model}\n{escape_controls(str(entry.path))}".lstrip()
        hint(f"{words}\n{where}")
        imgui.same_line(imgui.get_cursor_pos_x() + room - wide)
        imgui.text_disabled(facts)
        hint(where)
        commands = commands_of(chosen)
        for first in range(0, len(commands), 3):
            draw_buttons(ui, commands[first : first + 3])


def _empty(ui: PanelContext) -> str:
    view = ui.pictures.gallery
    if view.entries:
        return (
            "No pinned picture." if view.pinned_only and not view.query else "No picture has these words in its prompt."
        )
    return "No pictures yet. Make some in the Picture panel, or by `rayverie generate --gallery`."


def _tile(ui: PanelContext, entry: Entry, side: float) -> None:
    """Draw a picture in a square, with a frame if it is selected and a pin if it is pinned."""
    view, corner = ui.pictures.gallery, imgui.get_cursor_screen_pos()
    imgui.push_id(escape_controls(entry.name))
    if imgui.invisible_button("tile", imgui.ImVec2(side, side)):
        view.choose(entry.name, further=imgui.get_io().key_ctrl)
    hovered = imgui.is_item_hovered()
    if hovered and imgui.is_mouse_double_clicked(imgui.MouseButton_.left):
        ui.do("view_pictures", entry)
    hint(
        f"{entry.prompt or escape_controls(entry.path.name)}\nClick to choose, Ctrl+click a second one to compare, double-click to view."
    )
    _menu(ui, entry)
    imgui.pop_id()
    draw, end = imgui.get_window_draw_list(), imgui.ImVec2(corner.x + side, corner.y + side)
    draw.add_rect_filled(corner, end, imgui.get_color_u32(imgui.Col_.frame_bg))
    small = ui.pictures.small.get(entry.path)
    if small is not None:
        size = fit_size(small, side, side)
        low = imgui.ImVec2(corner.x + (side - size.x) / 2, corner.y + (side - size.y) / 2)
        draw.add_image(ui.picture(f"small {entry.path}", small), low, imgui.ImVec2(low.x + size.x, low.y + size.y))
    if entry.name in view.chosen or hovered:
        tint = ui.palette.accent if entry.name in view.chosen else "#ffffff"
        draw.add_rect(corner, end, imgui.get_color_u32(colour(tint, 0.95)), 0.0, 2.5 * ui.scale)
    if entry.pinned:
        size, rim = imgui.calc_text_size(PIN), 3 * ui.scale
        plate = imgui.ImVec2(end.x - size.x - 3 * rim, corner.y), imgui.ImVec2(end.x, corner.y + size.y + 2 * rim)
        draw.add_rect_filled(*plate, imgui.get_color_u32(colour("#000000", 0.65)))
        draw.add_text(
            imgui.ImVec2(plate[0].x + 1.5 * rim, corner.y + rim), imgui.get_color_u32(colour("#ffffff", 1.0)), PIN
        )


def _menu(ui: PanelContext, entry: Entry) -> None:
    """Draw the context menu of a picture."""
    if imgui.begin_popup_context_item("commands"):
        if entry.name not in ui.pictures.gallery.chosen:
            ui.pictures.gallery.choose(entry.name)
        draw_menu(ui, commands_of(ui.pictures.gallery.chosen_entries))
        imgui.end_popup()


def _running(ui: PanelContext, side: float) -> None:
    """Draw the picture being generated, with its progress."""
    progress, corner = ui.pictures.progress, imgui.get_cursor_screen_pos()
    imgui.dummy(imgui.ImVec2(side, side))
    hint(progress_text(ui))
    draw, end = imgui.get_window_draw_list(), imgui.ImVec2(corner.x + side, corner.y + side)
    draw.add_rect_filled(corner, end, imgui.get_color_u32(imgui.Col_.frame_bg))
    preview = progress.preview
    if preview is not None and preview.image is not None:
        size = fit_size(preview.image, side, side)
        low = imgui.ImVec2(corner.x + (side - size.x) / 2, corner.y + (side - size.y) / 2)
        draw.add_image(ui.picture("running", preview.image), low, imgui.ImVec2(low.x + size.x, low.y + size.y))
    else:
        size = imgui.calc_text_size(WAITING)
        place = imgui.ImVec2(corner.x + (side - size.x) / 2, corner.y + (side - size.y) / 2)
        draw.add_text(place, imgui.get_color_u32(imgui.Col_.text_disabled), WAITING)
    share = preview.step / preview.steps if preview else 0.0
    bar = imgui.ImVec2(corner.x, end.y - 5 * ui.scale), imgui.ImVec2(corner.x + share * side, end.y)
    draw.add_rect_filled(*bar, imgui.get_color_u32(colour(ui.palette.accent, 0.95)))
