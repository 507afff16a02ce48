"""Covers the scene while the user works on pictures: with one picture, two compared ones, the mask editor, or a training run."""

from __future__ import annotations

from imgui_bundle import imgui

from app.panels.context import PanelContext, choice, hint, shorten_to_width
from app.panels.dialog import begin_cover, close_button
from app.panels.mask_editor import draw_mask_editor
from app.panels.picture_view import fit_size
from app.panels.run_film import RunFilm
from app.panels.split import Box, Split
from app.state.picture_work import ShownPictures


class Cover:
    """Draws `PictureWork.seen`, `PictureWork.editor` or `PictureWork.run` over the scene."""

    def __init__(self) -> None:
        self.split = Split()
        self._shown: ShownPictures | None = None
        self.film = RunFilm()

    def draw(self, ui: PanelContext, box: Box) -> None:
        if not ui.pictures.over_scene:
            return
        begin_cover("##cover", box)
        if ui.pictures.editor is not None:
            draw_mask_editor(ui, ui.pictures.editor)
        elif ui.pictures.seen is not None:
            self._draw_pictures(ui, ui.pictures.seen)
        elif ui.pictures.run is not None:
            self.film.draw(ui, ui.pictures.run)
        imgui.end()

    def _draw_pictures(self, ui: PanelContext, seen: ShownPictures) -> None:
        if seen is not self._shown:
            self._shown, self.split = seen, Split()
        if len(seen.pictures) == 2:
            for label, wipe in (("\uf0db  Wipe", True), ("\uf009  Side by side", False)):
                if choice(label, seen.wipe == wipe) and seen.wipe != wipe:
                    ui.do("swap_seen")
                imgui.same_line()
            hint("Drag the line between the pictures." if seen.wipe else "")
        else:
            imgui.align_text_to_frame_padding()
            imgui.text_unformatted(shorten_to_width(seen.captions[0], imgui.get_content_region_avail().x * 0.8))
            imgui.same_line()
        close_button(ui)
        room, corner = imgui.get_content_region_avail(), imgui.get_cursor_screen_pos()
        textures = [ui.picture(f"seen {place}", picture) for place, picture in enumerate(seen.pictures)]
        if len(textures) == 2 and seen.wipe:
            size = fit_size(seen.pictures[0], room.x, room.y)
            box = (corner.x + (room.x - size.x) / 2, corner.y + (room.y - size.y) / 2, size.x, size.y)
            captions = tuple(shorten_to_width(text, size.x * 0.42) for text in seen.captions)
            self.split.draw((textures[0], textures[1]), box, ui.scale, (captions[0], captions[1]))
            return
        draw, wide = imgui.get_window_draw_list(), room.x / len(textures)
        line = imgui.get_text_line_height_with_spacing() if len(textures) > 1 else 0.0
        for place, (texture, picture) in enumerate(zip(textures, seen.pictures, strict=True)):
            size = fit_size(picture, wide - 8 * ui.scale, room.y - line)
            left, top = corner.x + place * wide + (wide - size.x) / 2, corner.y + (room.y - line - size.y) / 2
            draw.add_image(texture, imgui.ImVec2(left, top), imgui.ImVec2(left + size.x, top + size.y))
            if line:
                ink = imgui.get_color_u32(imgui.Col_.text)
                draw.add_text(imgui.ImVec2(left, top + size.y), ink, shorten_to_width(seen.captions[place], size.x))
