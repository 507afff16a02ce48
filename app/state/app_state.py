"""The state of the program in the window: what the user set, what is open and what is shown. Plain data."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.fields import Size
from app.files.picture import Source
from app.files.recent import Recent
from app.log import Log
from app.loop.messages import ModelInfo
from app.loop.open_scene import OpenScene
from app.moving.route import Route
from app.moving.travel import Travel
from app.moving.walk import Walker
from app.session import SceneChoice, Session
from app.state import keymap
from app.state.brush import Brush
from app.state.builder import Builder
from app.state.comparison import FIRST, Beside, Comparison
from app.state.frame_profiler import FrameProfiler
from app.state.history import History
from app.state.inspection import NetworkInspection
from app.state.model_load import ModelLoad
from app.state.overlays import Overlays
from app.state.picture_form import PictureForm
from app.state.picture_work import PictureWork
from app.state.platform import Folders
from app.state.stroke import Stroke
from app.state.timeline import Timeline
from app.state.tour import Tour
from scenes.camera import Camera
from scenes.load import BUILTIN
from scenes.scene import Scene

READING = 18  # characters per second, for the time a toast is shown
FRAMES = 240  # frame times kept for the plot
Edited = tuple[Session, Route, Scene, tuple[Stroke, ...], PictureForm]


@dataclass(frozen=True)
class SceneBox:
    """The area that the panels leave to the scene.

    box: x, y, width, height in points; density: framebuffer pixels per point; scale: of the interface, see `Platform.scale`
    """

    box: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    density: float = 1.0
    scale: float = 1.0


@dataclass
class KeyBindings:
    """changes: what the user changed, as in `app.state.keymap`; bindings: chord → action; catcher: gets the next chord instead
    of an action, with whether it wants a single key by its place."""

    changes: keymap.Changes = field(default_factory=dict)
    bindings: Mapping[str, str] = field(default_factory=keymap.bindings)
    catcher: tuple[Callable[[str], None], bool] | None = None

    def rebind(self, changes: keymap.Changes) -> None:
        self.changes, self.bindings = changes, keymap.bindings(changes)


@dataclass
class AppState:
    """All that services, actions and panels share. Only the GL thread reads and changes it.

    session, scene, route, strokes: what the user set, which undo and redo go through;
    saved_scene: the scene as it was opened or saved last; open_scene: its blocks, paint and painter, None while it opens;
    model: what the worker dreams with, None before the first is there; loading: a model that is being loaded in its place
    or beside it; beside: one that is there for a comparison;
    walker: where the user is; travel: playing, filming or flying; source: the picture opened for the surfaces;
    compared_with: label and changes of the settings compared with last; presets: the user's own, by name;
    frame_seconds: of the last frames, newest last; looking: the mouse button that turns the camera, "left" or "right", or ""; calm:
    whether nobody has touched anything lately, so that frames may take longer; watched_at: when a panel last showed the running
    dream; cancelled_view: the `view_key` whose dream was cancelled; pictures: work on single pictures, whatever the scene.
    """

    session: Session
    scene: Scene
    folders: Folders = field(default_factory=Folders)
    clock: Callable[[], float] = time.perf_counter
    route: Route = field(default_factory=Route)
    strokes: tuple[Stroke, ...] = ()
    open_scene: OpenScene | None = None
    model: ModelInfo | None = None
    loading: ModelLoad | None = None
    walker: Walker = field(default_factory=Walker)
    travel: Travel = field(default_factory=Travel)
    brush: Brush = field(default_factory=Brush)
    builder: Builder = field(default_factory=Builder)
    source: Source | None = None
    comparison: Comparison | None = None
    beside: Beside | None = None
    compared_with: tuple[str, Mapping[str, Any]] = FIRST
    timeline: Timeline = field(default_factory=Timeline)
    inspection: NetworkInspection = field(default_factory=NetworkInspection)
    tour: Tour = field(default_factory=Tour)
    log: Log = field(default_factory=Log)
    overlays: Overlays = field(default_factory=Overlays)
    keys: KeyBindings = field(default_factory=KeyBindings)
    recent: Recent = ()
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    profiler: FrameProfiler = field(default_factory=FrameProfiler)
    frame_seconds: deque[float] = field(default_factory=lambda: deque(maxlen=FRAMES))
    scene_box: SceneBox = field(default_factory=SceneBox)
    looking: str = ""
    screenshot_wanted: bool = False
    calm: bool = False
    watched_at: float = -np.inf
    cancelled_view: tuple[Any, ...] = ()
    pictures: PictureWork = field(default_factory=PictureWork)

    def __post_init__(self) -> None:
        self.saved_scene = self.scene
        self.history: History[Edited] = History(self.edited, holds=_maps)

    def reset_scene(self, scene: Scene) -> None:
        """Reset everything about the scene, for another one."""
        self.open_scene, self.scene, self.saved_scene, self.route = None, scene, scene, Route()
        self.brush, self.builder, self.strokes = Brush(), Builder(), ()
        self.comparison, self.cancelled_view = None, ()
        self.timeline, self.inspection, self.tour = Timeline(), NetworkInspection(), Tour()
        self.history = History(self.edited, holds=_maps)

    @property
    def camera(self) -> Camera:
        return self.walker.camera(self.session.view.fov)

    @property
    def scene_size(self) -> Size:
        """Pixels of the box that the panels leave to the scene."""
        _, _, width, height = self.scene_box.box
        density = self.scene_box.density
        return max(16, round(width * density)), max(16, round(height * density))

    @property
    def edited(self) -> Edited:
        """The state that undo and redo restore: everything the user set."""
        return self.session, self.route, self.scene, self.strokes, self.pictures.form

    @edited.setter
    def edited(self, value: Edited) -> None:
        self.session, self.route, self.scene, self.strokes, self.pictures.form = value

    def amend_form(self, form: PictureForm) -> None:
        """Change the Picture panel's form without a step of undo, as the user didn't."""
        self.history = self.history.to(self.edited)
        self.pictures.form = form
        self.history = replace(self.history, present=self.edited)

    @property
    def scene_covered(self) -> bool:
        """Whether a dialog, the start page, pictures or a comparison lie over the scene."""
        return self.overlays.open or self.pictures.over_scene or self.comparison is not None

    @property
    def scene_name(self) -> str:
        """How the list of recent files names the open scene; "" if it is in no file of its own."""
        choice = self.session.scene
        if choice.map is not None or choice.materials is not None:
            pair = choice.map and choice.materials and choice.materials.with_suffix(".png") == choice.map
            return str(choice.materials.absolute()) if choice.materials and pair else ""
        if choice.ref is not None:
            return choice.ref if choice.ref in BUILTIN else str(Path(choice.ref).absolute())
        return self.saved_scene.name if self.saved_scene.name in BUILTIN else ""

    @property
    def unsaved(self) -> bool:
        """Whether the scene was made here and is in no file but autosaves."""
        return self.session.scene == SceneChoice() and self.saved_scene.name not in BUILTIN

    @property
    def view_key(self) -> tuple[Any, ...]:
        """Everything that determines the next dream. Empty without an open scene."""
        if self.open_scene is None:
            return ()
        revision, session = self.open_scene.volume.revision, self.session
        scene, settings = self.open_scene.scene, (session.dream, session.paint, session.live)
        return (self.camera, self.scene_size, revision, scene, *settings)

    @property
    def view_cancelled(self) -> bool:
        """Whether the dream of this view was cancelled. No dream starts until something about the view changes."""
        return bool(self.cancelled_view) and self.cancelled_view == self.view_key

    def notify(self, text: str, level: str = "info", details: str = "") -> None:
        """Show a toast and add a line to the log. The same text twice in a row (a broken frame repeats itself) is one toast."""
        self.log.add(text, level, details)
        if all(text != toast.text for toast in self.overlays.toasts):
            self.overlays.toast(text, level, max(8.0 if level == "error" else 4.0, len(text) / READING))

    def ready_scene(self) -> OpenScene | None:
        """Return the open scene if its model is ready; else None, after a message."""
        if self.open_scene is None or self.open_scene.painter.client.model is None:
            self.notify("The model is still loading", "warning")
            return None
        return self.open_scene


def is_builtin(choice: SceneChoice) -> bool:
    """Whether this is a built-in scene, which is never overwritten."""
    return choice.ref in (None, *BUILTIN) and choice.map is None and choice.materials is None


def _maps(edited: Edited) -> tuple[np.ndarray]:
    return (edited[2].map,)
