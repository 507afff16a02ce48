"""The camera panel: edit keyframes, play and record them, import and export camera_path.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from imgui_bundle import imgui

from app.gui.theme import colour
from app.moving.route import Route, polyline
from app.panels.context import PanelContext, faint, hint
from app.session import Session
from scenes.scene import CameraPath

HELP = "Add at least two views to make a path.", "Move somewhere else and add a second view."
CLAMP = imgui.SliderFlags_.always_clamp
SIZES = ((640, 360), (960, 540), (1280, 720), (1920, 1080))


class CameraPanel:
    title = "Camera"

    def __init__(self) -> None:
        self._size, self._fps = 1, 24

    def draw(self, ui: PanelContext) -> Session:
        if ui.open_scene is None:
            faint("Opening the scene.")
            return ui.session
        if ui.travel.film is not None:
            self._filming(ui)
            return ui.session
        self._scene_paths(ui, ui.open_scene.scene.paths)
        imgui.separator_text("Keyframes")
        self._keyframes(ui)
        path = ui.route.path
        imgui.begin_disabled(path is None)
        self._play(ui, path)
        imgui.same_line()
        if imgui.button("\uf0c7  Export"):
            ui.do("export_path")
        hint("Save these keyframes as camera_path.json in the pictures folder.")
        imgui.end_disabled()
        imgui.same_line()
        if imgui.button("\uf07c  Import…"):
            ui.do("ask_path")
        hint("Replace the keyframes with those of a camera_path.json. You can also drop the file on the window.")
        imgui.begin_disabled(path is None)
        imgui.separator_text("Video")
        self._film(ui, path)
        imgui.end_disabled()
        _draw_path(ui, path)
        return ui.session

    def _scene_paths(self, ui: PanelContext, paths: Mapping[str, CameraPath]) -> None:
        for name, path in paths.items():
            imgui.push_id(name)
            imgui.align_text_to_frame_padding()
            imgui.text_unformatted(f"{name}, {path.seconds:.0f} s")
            imgui.same_line(imgui.get_content_region_avail().x * 0.45)
            if imgui.button("\uf04b  Play"):
                ui.do("play", path)
            imgui.same_line()
            if imgui.button("Edit"):
                ui.do("set_route", Route.of(path))
            hint("Replace the keyframes below with this path's.")
            imgui.pop_id()

    def _keyframes(self, ui: PanelContext) -> None:
        route = ui.route
        if imgui.button("\uf030  Add this view"):
            ui.do("set_route", route.add(ui.camera))
        hint("Append the current view as a keyframe. Its time follows from the distance.")
        imgui.same_line()
        changed, loop = imgui.checkbox("Loop", route.loop)
        if changed:
            ui.do("set_route", replace(route, loop=loop))
        if len(route.cameras) < 2:
            faint(HELP[len(route.cameras)])
        for i, camera in enumerate(route.cameras):
            imgui.push_id(i)
            imgui.align_text_to_frame_padding()
            imgui.text_unformatted(f"{i + 1}")
            imgui.same_line(28 * ui.scale)
            if imgui.button("Go"):
                ui.do("go_to", camera)
            imgui.same_line()
            if imgui.button("Set"):
                ui.do("set_route", route.replace_camera(i, ui.camera))
            hint("Move this keyframe to the current view.")
            imgui.same_line()
            if imgui.button("\uf00d"):
                ui.do("set_route", route.remove(i))
            hint("Remove this keyframe.")
            if i < len(route.seconds):
                imgui.same_line()
                imgui.set_next_item_width(-1)
                taken, words = route.seconds[i], "%.1f s to next"
                moved, seconds = imgui.drag_float("##seconds", taken, 0.05, 0.5, 600.0, words, CLAMP)
                if moved:
                    ui.do("set_route", route.set_seconds(i, seconds))
            imgui.pop_id()

    def _play(self, ui: PanelContext, path: CameraPath | None) -> None:
        playing = ui.travel.playing is not None
        if imgui.button("\uf04d  Stop" if playing else "\uf04b  Play"):
            if playing:
                ui.do("stop")
            elif path is not None:
                ui.do("play", path)
        hint("Walking or Esc also stops playback.")

    def _film(self, ui: PanelContext, path: CameraPath | None) -> None:
        width, height = SIZES[self._size]
        imgui.set_next_item_width(imgui.get_content_region_avail().x * 0.4)
        _, self._size = imgui.combo("##size", self._size, [f"{w} × {h}" for w, h in SIZES])
        imgui.same_line()
        imgui.set_next_item_width(-1)
        _, self._fps = imgui.slider_int("##fps", self._fps, 5, 60, "%d frames per second", CLAMP)
        if imgui.button("\uf008  Record video") and path is not None:
            ui.do("film", path, (width, height), float(self._fps))
        hint("Paint and record every frame to a video in the pictures folder. The file stores the settings.")
        if path is not None:
            imgui.same_line()
            faint(f"{path.seconds:.1f} s, {int(path.seconds * self._fps)} frames")

    def _filming(self, ui: PanelContext) -> None:
        film = ui.travel.film
        assert film is not None
        faint(f"Recording {film.out.name}")
        imgui.progress_bar(film.index / film.frames, imgui.ImVec2(-1, 0), f"{film.index} of {film.frames} frames")
        if imgui.button("\uf04d  Stop recording"):
            ui.do("stop")
        hint("Stop and delete the unfinished video.")


def _draw_path(ui: PanelContext, path: CameraPath | None) -> None:
    """Draw the path and its keyframes over the scene while this panel is visible."""
    if path is None or ui.travel.under_way:
        return
    x, y, width, height = ui.scene_box
    size = (max(1, int(width)), max(1, int(height)))
    draw = imgui.get_background_draw_list()
    draw.push_clip_rect(imgui.ImVec2(x, y), imgui.ImVec2(x + width, y + height))
    line = imgui.get_color_u32(colour(ui.palette.accent, 0.9))
    for run in polyline(path, ui.camera, size):
        draw.add_polyline(
            [imgui.ImVec2(x + px, y + py) for px, py in run], line, 2.0 * ui.scale, imgui.ImDrawFlags_.none
        )
    matrix = ui.camera.matrix(size)
    for keyframe in path.keyframes:
        cx, cy, _, w = matrix @ (*keyframe.camera.position, 1.0)
        if w > 0.1:
            place = imgui.ImVec2(x + (cx / w * 0.5 + 0.5) * width, y + (0.5 - cy / w * 0.5) * height)
            draw.add_circle_filled(place, 4.0 * ui.scale, line)
    draw.pop_clip_rect()
