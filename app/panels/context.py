"""The panel protocol, the facts and actions that panels get each frame, and widgets that they share."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from imgui_bundle import imgui, implot

from app.files.picture import Source
from app.files.recent import Recent
from app.gui.theme import Palette, colour
from app.log import Log
from app.loop.open_scene import OpenScene
from app.loop.painter import Painter
from app.moving.route import Route
from app.moving.travel import Travel
from app.session import Session
from app.state.brush import Brush
from app.state.builder import Builder
from app.state.comparison import Comparison
from app.state.inspection import NetworkInspection
from app.state.keymap import Changes
from app.state.model_list import ModelSource
from app.state.model_load import ModelLoad
from app.state.overlays import Overlays
from app.state.picture_work import PictureWork
from app.state.platform import Folders
from app.state.prompt_dice import DiceSource
from app.state.scene_picture import ScenePicture
from app.state.suggestions import SuggestionSource
from app.state.timeline import Timeline
from app.state.tour import Tour
from engine.unet_view.drawing import UnetView
from engine.unet_view.layout import Anatomy
from scenes.camera import Camera
from scenes.scene import Colour, Scene


@dataclass(frozen=True)
class PanelContext:
    """The facts of one frame, and functions to act on them.

    What the user set, as of the beginning of the frame:
        session, scene, route, brush, builder, camera
        source: the picture opened in the Image panel
        comparison: of two settings, if one is open
        bindings: chord → action; changed_keys: action → chords that the user changed
        presets: saved by the user, as differences from the defaults
        recent: files opened last, newest first
    What the program does:
        open_scene: None while the scene is being planned
        travel: the path being played or filmed
        status: a short text
        log, timeline: messages, and the steps of recent dreams
        inspection: the probed step of the network
        tour: what the guided tour shares with other panels
        pictures: work on single pictures, and the gallery
        frames: seconds of the last frames, newest last
        undo_bytes: memory kept for undo
        versions: returns the earlier versions of this scene's world file, newest first
        suggestions: looks up prompts
        dice: draws random prompts
        scene_picture: (entry of the recent files) → its picture and day, None while it is read or if it is no scene
        models: lists the models of this machine; loading: the one that is being loaded, or None
    The window:
        overlays: dialogs and toasts, which panels may close
        now: seconds on the explorer's clock
        palette: colours; scale: pixels per point
        scene_box: x, y, width, height of the scene in points; scene_covered: see `AppState.scene_covered`
        key_captions: see `Platform.key_captions`
        folders: of the user's files
    Functions:
        do: runs an action of app.actions.registry by its name, with its arguments
        why_not: (its name) → why it would do nothing now, or ""
        picture: (key, uint8 [h,w,3] or [h,w,4]) → a texture for ImGui's image calls
        unet: (U-Net, view, time) → the same, of a U-Net in 3D
    """

    session: Session
    scene: Scene
    route: Route
    travel: Travel
    brush: Brush
    builder: Builder
    source: Source | None
    comparison: Comparison | None
    camera: Camera
    open_scene: OpenScene | None
    status: str
    log: Log
    frames: np.ndarray
    timeline: Timeline
    inspection: NetworkInspection
    tour: Tour
    pictures: PictureWork
    overlays: Overlays
    now: float
    palette: Palette
    scale: float
    scene_box: tuple[float, float, float, float]
    scene_covered: bool
    bindings: Mapping[str, str]
    changed_keys: Changes
    key_captions: Mapping[str, str]
    undo_bytes: int
    folders: Folders
    recent: Recent
    versions: Callable[[], list[Path]]
    presets: Mapping[str, Mapping[str, Any]]
    suggestions: SuggestionSource
    dice: DiceSource
    scene_picture: Callable[[str], ScenePicture | None]
    models: ModelSource
    loading: ModelLoad | None
    do: Callable[..., None]
    why_not: Callable[[str], str]
    picture: Callable[[str, np.ndarray], Any]
    unet: Callable[[Anatomy, UnetView, float | None], Any]

    @property
    def painter(self) -> Painter | None:
        return self.open_scene.painter if self.open_scene else None


class Panel(Protocol):
    """A dockable window. It may keep state about itself between frames (such as a folded part), but none of the program's."""

    title: str

    def draw(self, ui: PanelContext) -> Session:
        """Draw into the current ImGui window. Returns the session, with the user's changes."""
        ...


# Flags of windows over the scene that take no input.
SILENT = (
    imgui.WindowFlags_.no_decoration
    | imgui.WindowFlags_.no_docking
    | imgui.WindowFlags_.always_auto_resize
    | imgui.WindowFlags_.no_saved_settings
    | imgui.WindowFlags_.no_focus_on_appearing
    | imgui.WindowFlags_.no_nav
    | imgui.WindowFlags_.no_inputs
)


def choice(label: str, chosen: bool, width: float = 0.0) -> bool:
    """Draw one button of a group in which one is selected; return whether it was clicked. width: points, 0 = that of the label."""
    if chosen:
        imgui.push_style_color(imgui.Col_.button, imgui.get_style_color_vec4(imgui.Col_.button_active))
    clicked = imgui.button(label, imgui.ImVec2(width, 0))
    if chosen:
        imgui.pop_style_color()
    return clicked


def square(icon: str, chosen: bool = False, width: float = 0.0) -> bool:
    """Draw a button with a centred icon; return whether it was clicked. width: points, 0 = square."""
    imgui.push_style_var(imgui.StyleVar_.frame_padding, imgui.ImVec2(0, imgui.get_style().frame_padding.y))
    clicked = choice(icon, chosen, width or imgui.get_frame_height())
    imgui.pop_style_var()
    return clicked


def hint(text: str) -> None:
    """Show a tooltip for the last item, unless it is being typed into or dragged: what stands below is looked at then."""
    flags = imgui.HoveredFlags_.for_tooltip | imgui.HoveredFlags_.allow_when_disabled
    if text and not imgui.is_item_active() and imgui.is_item_hovered(flags):
        imgui.begin_tooltip()
        imgui.push_text_wrap_pos(imgui.get_font_size() * 22)
        imgui.text_unformatted(text)
        imgui.pop_text_wrap_pos()
        imgui.end_tooltip()


def faint(text: str) -> None:
    """Draw secondary text, wrapped."""
    imgui.push_style_color(imgui.Col_.text, imgui.get_style_color_vec4(imgui.Col_.text_disabled))
    imgui.push_text_wrap_pos(0.0)
    imgui.text_unformatted(text)
    imgui.pop_text_wrap_pos()
    imgui.pop_style_color()


def shorten_to_width(text: str, width: float) -> str:
    """Shorten a text at its end until it fits into a width, in points."""
    if imgui.calc_text_size(text).x <= width:
        return text
    fits = bisect_left(range(len(text)), True, key=lambda n: imgui.calc_text_size(text[: n + 1] + "…").x > width)
    return text[:fits].rstrip() + "…"


def row_label(text: str, explanation: str = "", share: float = 0.44) -> None:
    """Draw a name to the left, over at least this share of the row; the next item fills the rest."""
    imgui.align_text_to_frame_padding()
    imgui.text_unformatted(text)
    hint(explanation)
    column = imgui.get_content_region_avail().x * share
    imgui.same_line(max(column, imgui.calc_text_size(text).x + 2 * imgui.get_style().item_spacing.x))
    imgui.set_next_item_width(-1)


def swatch(shade: Colour | None) -> None:
    """Draw a square in a colour, or an outline without one."""
    side, corner = imgui.get_text_line_height() * 0.7, imgui.get_cursor_screen_pos()
    low = imgui.ImVec2(corner.x, corner.y + side * 0.2)
    high = imgui.ImVec2(low.x + side, low.y + side)
    if shade is not None:
        imgui.get_window_draw_list().add_rect_filled(low, high, imgui.get_color_u32(colour("#" + bytes(shade).hex())))
    else:
        imgui.get_window_draw_list().add_rect(low, high, imgui.get_color_u32(imgui.Col_.text_disabled))
    imgui.dummy(imgui.ImVec2(side, imgui.get_text_line_height()))


def fact(name: str, value: str) -> None:
    """Draw a name and a value in two columns; between `begin_facts` and `imgui.end_table`."""
    imgui.table_next_row()
    imgui.table_next_column()
    imgui.push_style_color(imgui.Col_.text, imgui.get_style_color_vec4(imgui.Col_.text_disabled))
    imgui.text_unformatted(name)
    imgui.pop_style_color()
    imgui.table_next_column()
    imgui.text_unformatted(value)


def begin_facts(label: str) -> bool:
    return imgui.begin_table(label, 2, imgui.TableFlags_.sizing_stretch_prop)


def make_accent_spec() -> implot.Spec:
    """Return the style of plots in the theme's accent colour."""
    colour = imgui.get_style_color_vec4(imgui.Col_.plot_lines)
    return implot.Spec(line_color=colour, fill_color=colour)
