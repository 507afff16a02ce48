"""What a panel is, and what it may see and ask for."""

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
from app.gui.theme import Palette
from app.log import Log
from app.loop.open_scene import OpenScene
from app.loop.painter import Painter
from app.moving.route import Route
from app.moving.travel import Travel
from app.session import Session
from app.state.brush import Brush
from app.state.comparison import Comparison
from app.state.inspection import NetworkInspection
from app.state.keymap import Changes
from app.state.overlays import Overlays
from app.state.platform import Folders
from app.state.suggestions import SuggestionSource
from app.state.timeline import Timeline
from engine.unet_view.drawing import UnetView
from engine.unet_view.layout import Anatomy
from scenes.camera import Camera
from scenes.scene import Scene


@dataclass(frozen=True)
class PanelContext:
    """One frame's facts, and the ways to act.

    session, scene, route: as the user set them, at the beginning of the frame; travel: playing, filming or flying; source: the
    picture opened for the surfaces; comparison: of two settings; status: what is going on, in plain words;
    frames: seconds of the last frames, newest last; inspection: what the network did; overlays: dialogs and toasts, which panels
    may close; now: seconds on the explorer's clock; scale: pixels per point; scene_box: x, y, width, height of the scene in points;
    bindings, changed_keys, written: as in app.state.keymap; undo_bytes: memory kept for undo;
    presets: those the user saved, as differences from the defaults; recent: files opened last, newest first;
    versions: earlier versions of this scene's world file, newest first;
    suggestions: looks prompts up.
    do: runs an action of app.actions.registry by its name, with its details; picture: uint8 [h,w,3|4] under a key, for ImGui's
    image calls; unet: a U-Net in space, likewise.
    """

    session: Session
    scene: Scene
    route: Route
    travel: Travel
    brush: Brush
    source: Source | None
    comparison: Comparison | None
    camera: Camera
    open_scene: OpenScene | None
    status: str
    log: Log
    frames: np.ndarray
    timeline: Timeline
    inspection: NetworkInspection
    overlays: Overlays
    now: float
    palette: Palette
    scale: float
    scene_box: tuple[float, float, float, float]
    bindings: Mapping[str, str]
    changed_keys: Changes
    written: Mapping[str, str]
    undo_bytes: int
    folders: Folders
    recent: Recent
    versions: Callable[[], list[Path]]
    presets: Mapping[str, Mapping[str, Any]]
    suggestions: SuggestionSource
    do: Callable[..., None]
    picture: Callable[[str, np.ndarray], Any]
    unet: Callable[[Anatomy, UnetView, float | None], Any]

    @property
    def painter(self) -> Painter | None:
        return self.open_scene.painter if self.open_scene else None


class Panel(Protocol):
    """A window of its own. What it keeps between frames is about itself (a folded part), never about the program."""

    title: str

    def draw(self, ui: PanelContext) -> Session:
        """Draw into the current ImGui window; returns the session, changed or the same."""
        ...


# Windows over the scene that come and go without asking for anything.
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
    """A button among several of which one is chosen: whether it is clicked. width: in points, 0 as wide as its label."""
    if chosen:
        imgui.push_style_color(imgui.Col_.button, imgui.get_style_color_vec4(imgui.Col_.button_active))
    clicked = imgui.button(label, imgui.ImVec2(width, 0))
    if chosen:
        imgui.pop_style_color()
    return clicked


def hint(text: str) -> None:
    """A tooltip for the last item."""
    if text and imgui.is_item_hovered(imgui.HoveredFlags_.for_tooltip | imgui.HoveredFlags_.allow_when_disabled):
        imgui.begin_tooltip()
        imgui.push_text_wrap_pos(imgui.get_font_size() * 22)
        imgui.text_unformatted(text)
        imgui.pop_text_wrap_pos()
        imgui.end_tooltip()


def faint(text: str) -> None:
    """A line of secondary text, wrapped."""
    imgui.push_style_color(imgui.Col_.text, imgui.get_style_color_vec4(imgui.Col_.text_disabled))
    imgui.push_text_wrap_pos(0.0)
    imgui.text_unformatted(text)
    imgui.pop_text_wrap_pos()
    imgui.pop_style_color()


def shortened(text: str, width: float) -> str:
    """A text that fits into a width, its end left out if need be."""
    if imgui.calc_text_size(text).x <= width:
        return text
    fits = bisect_left(range(len(text)), True, key=lambda n: imgui.calc_text_size(text[: n + 1] + "…").x > width)
    return text[:fits].rstrip() + "…"


def fact(name: str, value: str) -> None:
    """A name and, in a column of its own, a value; between `begin_facts` and `imgui.end_table`."""
    imgui.table_next_row()
    imgui.table_next_column()
    imgui.push_style_color(imgui.Col_.text, imgui.get_style_color_vec4(imgui.Col_.text_disabled))
    imgui.text_unformatted(name)
    imgui.pop_style_color()
    imgui.table_next_column()
    imgui.text_unformatted(value)


def begin_facts(label: str) -> bool:
    return imgui.begin_table(label, 2, imgui.TableFlags_.sizing_stretch_prop)


def accented() -> implot.Spec:
    """How plots draw: in the theme's accent."""
    colour = imgui.get_style_color_vec4(imgui.Col_.plot_lines)
    return implot.Spec(line_color=colour, fill_color=colour)
