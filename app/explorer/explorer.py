"""The explorer: one frame of it, and its state. Knows no window library, so anything with a GL context can drive it."""

from __future__ import annotations

import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import moderngl
import numpy as np

from app.actions import compare
from app.actions.compare import Comparison
from app.actions.registry import HANDLERS
from app.explorer import frame as parts
from app.explorer.input import Controls
from app.fields import Size
from app.files import keymap, recent
from app.files.picture import Source
from app.files.preferences import remember
from app.gui.pictures import Pictures
from app.log import Log
from app.loop.garbage import let_go
from app.loop.heap import Heap
from app.loop.messages import ModelInfo, Watch, Worker
from app.loop.open_scene import Plan, Planner, Stage
from app.moving import walk
from app.moving.route import Route
from app.moving.travel import Travel
from app.panels.context import PanelContext
from app.panels.shell import Clipboard, Shell
from app.services.autosave import Autosave
from app.services.background_io import Desk
from app.services.crash_recovery import Resume
from app.services.scene_rebuild import Remodel
from app.services.texel_strokes import Retouch, Stroke
from app.services.unet_view import UnetPicture
from app.services.viewport import Screen, collect, framebuffer, pixels
from app.services.world_files import Worlds
from app.session import SceneChoice, Session
from app.state.brush import Brush
from app.state.frame_profiler import Pace
from app.state.history import History
from app.state.inspection import Network
from app.state.keymap import BY_NAME
from app.state.platform import Folders, Platform
from app.state.timeline import Timeline
from base.errors import InputError
from engine.gl.context import finish
from scenes.camera import Camera
from scenes.load import BUILTIN
from scenes.scene import Scene

FRAMES = 240  # of which the times are kept for the plot
HINT_SECONDS = 25.0  # the line of help of the first start goes after so long, or sooner when its reader walks
WATCHED = 0.5  # s after which a dream that no panel showed is not watched any more
Edited = tuple[Session, Route, Scene, tuple[Stroke, ...]]
GROUND = (0.055, 0.067, 0.086, 1.0)  # behind everything, until the scene is open


def _maps(edited: Edited) -> tuple[np.ndarray]:
    return (edited[2].map,)


class Explorer:
    """The program in the window. `frame` once a frame; `controls` take the events in between; all on the GL thread.

    session, route, scene, strokes: what the user set (undone and redone); opened: the scene as it was opened or saved last;
    walker: where one is; stage: the opened scene, None while it opens.
    """

    def __init__(
        self,
        ctx: moderngl.Context,
        platform: Platform,
        session: Session,
        scene: Scene,
        worker: Worker,
        *,
        folders: Folders | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.ctx, self.platform, self.worker, self.clock = ctx, platform, worker, clock
        self.folders = folders or Folders()
        self.session, self.route, self.scene, self.opened = session, Route(), scene, scene
        self.strokes: tuple[Stroke, ...] = ()
        self.remodel = Remodel(scene)
        self.brush, self.retouch = Brush(), Retouch(self.remodel.shelf)
        self.source: Source | None = None  # the picture that was opened to be laid onto surfaces
        self.comparison: Comparison | None = None
        self._left: tuple[Any, ...] = ()  # the view whose dream was cancelled
        self.other: tuple[str, Mapping[str, Any]] = compare.FIRST  # the settings that were compared with last
        self.stage: Stage | None = None
        self.walker, self.travel = walk.Walker(), Travel()
        self.history: History[Edited] = History(self.edited, holds=_maps)
        self.log, self.timeline, self.network = Log(), Timeline(), Network()
        clipboard = Clipboard(platform.read_clipboard, platform.write_clipboard)
        self.shell = Shell(ctx, self.folders.config / "layout.ini", clipboard)
        self.controls, self.desk, self.worlds = Controls(self), Desk(self), Worlds(self)
        self.screen, self.pictures, self.unet = Screen(ctx), Pictures(ctx), UnetPicture(ctx)
        self.times: deque[float] = deque(maxlen=FRAMES)
        self.pace, self.heap = Pace(), Heap()
        self.shot_wanted = False
        self._began = self._last = clock()
        self._watched_at = -WATCHED
        self.autosave, self.resume = Autosave(self), Resume(self)
        self.model: ModelInfo | None = None
        self.planner = Planner()
        self.opening: Future[Plan] | None = None
        self.recent = recent.load(self.folders.config)
        self.shell.overlays.first_help = not self.shell.known
        self._try("Reading the keys", lambda: self.controls.rebind(keymap.load(self.folders.config)))
        self.open_scene(scene)

    def frame(self) -> None:
        """Draw one frame into the platform's target. A part that fails is told in the log; the others go on."""
        now = self.clock()
        seconds, self._last = now - self._last, now
        self.times.append(seconds)
        self.pace.begin()
        collect(self.ctx)
        self._try("Opening the scene", lambda: parts.open_stage(self))
        self._try("Walking", lambda: parts.move(self, seconds))
        self._try("A file", self.desk.poll)
        self._try("Reading a world", self.worlds.step)
        shell, platform = self.shell, self.platform
        shell.overlays.now = now
        shell.theme_name = self.session.view.theme
        self.pictures.tend()
        self.unet.tend()
        shell.begin(platform.size, platform.pixels, platform.scale, seconds)
        if self.stage:
            self._try("Changing the surfaces", lambda: parts.touch(self))
            self._try("Building the scene", lambda: parts.follow(self))
            self._try("Painting", lambda: parts.paint(self, now))
            self._try("Drawing the scene", lambda: parts.draw(self))
        before = self.session
        drawn = shell.draw(self._context(), self.pace)
        self.session = drawn if self.session is before else self.session  # an action's change wins over a panel's
        with self.pace.part("Drawing the panels"):
            shell.end()
            self._show(platform.target, platform.pixels)
        if self.shot_wanted:
            self._try("Taking a screenshot", self._take_shot)
        self._after()
        with self.pace.part("Waiting for GL"):
            finish(self.ctx)

    @property
    def camera(self) -> Camera:
        return self.walker.camera(self.session.view.fov)

    @property
    def left_alone(self) -> bool:
        """Whether the dream of this view was cancelled: none is begun until something about it is another."""
        return bool(self._left) and self._left == self._wanted()

    def leave_alone(self) -> None:
        """Cancel what is being dreamed, until something about the view is another; what is dreamed already is laid first."""
        if self.stage:
            self.retouch.then(self._leave)

    def _leave(self) -> None:
        assert self.stage is not None
        self.stage.painter.cancel()
        self._left = self._wanted()

    def attend(self) -> None:
        """Dream what is seen, though it was cancelled before."""
        self._left = ()

    def _wanted(self) -> tuple[Any, ...]:
        """What decides which dream is begun."""
        assert self.stage is not None
        volume, session = self.stage.volume, self.session
        return (
            self.camera,
            self.scene_size,
            volume.revision,
            self.stage.scene,
            session.dream,
            session.paint,
            session.live,
        )

    @property
    def status(self) -> str:
        """What is going on, in plain words."""
        if self.stage is None:
            return "opening the scene"
        if self.comparison is not None and self.comparison.done:
            return "two settings side by side: choose one"
        film, flight, painter = self.travel.film, self.travel.flight, self.stage.painter
        if film is not None:
            dreaming = f", {painter.words}" if painter.running else ""
            return f"recording: {film.index} of {film.frames} frames{dreaming}"
        if flight is not None and painter.running is None:
            return f"autopilot: {flight.words}"
        if self.remodel.busy:
            return "rebuilding the scene"
        if self.retouch.busy or self.brush.painting:
            return "changing the surfaces"
        return "this view stays as it is" if self.left_alone else self.stage.painter.words

    @property
    def unsaved(self) -> bool:
        """Whether the scene as it was opened is in no file: it was made here, and is kept by autosaves only."""
        return self.session.scene == SceneChoice() and self.opened.name not in BUILTIN

    @property
    def scene_size(self) -> Size:
        """Pixels of the box that the panels leave to the scene."""
        _, _, width, height = self.shell.scene_box
        scale = self.platform.pixels[0] / max(1, self.platform.size[0])
        return max(16, round(width * scale)), max(16, round(height * scale))

    def say(self, text: str, level: str = "info", details: str = "") -> None:
        """A toast, and a line in the log. The same twice in a row (a broken frame repeats itself) is one toast."""
        self.log.add(text, level, details)
        if all(text != shown for shown, _, _ in self.shell.overlays.toasts):
            self.shell.overlays.toast(text, level, 8.0 if level == "error" else 4.0)

    def ready_stage(self) -> Stage | None:
        """The stage, once its model is ready; until then the user is told to wait."""
        if self.stage is None or self.stage.painter.model is None:
            self.say("The model is still loading", "warning")
            return None
        return self.stage

    def watch(self) -> None:
        """Somebody looks at the running dream in this frame: its previews are worth some of the model's time."""
        self._watched_at = self.clock()

    def do(self, action: str, *details: Any) -> None:
        """Run a handler by its name: an action of the key table, or one that needs details, as panels ask for."""
        title = BY_NAME[action].title if action in BY_NAME else action.replace("_", " ").capitalize()
        self._try(title, lambda: HANDLERS[action](self, *details))

    @property
    def edited(self) -> Edited:
        """What undo and redo go through: everything the user set."""
        return self.session, self.route, self.scene, self.strokes

    @edited.setter
    def edited(self, value: Edited) -> None:
        self.session, self.route, self.scene, self.strokes = value

    def add_stroke(self, stroke: Stroke) -> None:
        """What was just changed on the surfaces by hand becomes a part of what undo takes back."""
        self.strokes = self.retouch.end(stroke, self.strokes)

    def open_scene(self, scene: Scene) -> None:
        """Leave this scene (what is painted and not saved is gone) and open another, beside the frames."""
        self.desk.stop_travel()
        if self.stage:
            self.stage.painter.drop()
            self.stage.release()
        self.remodel.forget(scene)
        self.stage, self.scene, self.opened, self.route, self.timeline = None, scene, scene, Route(), Timeline()
        self.brush, self.retouch, self.strokes, self.comparison = Brush(), Retouch(self.remodel.shelf), (), None
        self._left, self.network = (), Network()
        self.worker.inspect(None)
        self.history = History(self.edited, holds=_maps)
        self.opening = self.planner.plan(scene)
        for note in scene.notes:
            self.log.add(note, "warning")

    def close(self) -> None:
        """Give everything back, after a clean end. The worker is closed too; a world file that was asked for is written."""
        try:
            self.desk.stop_travel()
            self.autosave.close(self.worlds.file if self.session.world else None)
        finally:
            self._release()
        self.resume.forget()

    def _release(self) -> None:
        self.worker.close()
        self.remodel.close()
        self.planner.close()
        self.desk.close()
        self.worlds.close()
        self.heap.close()
        remember(self.folders.config, replace(self.session.view, size=self.platform.size))
        self.shell.release()
        self.pictures.release()
        self.unet.release()
        if self.stage:
            self.stage.release()

    def _context(self) -> PanelContext:
        return PanelContext(
            session=self.session,
            scene=self.scene,
            route=self.route,
            travel=self.travel,
            brush=self.brush,
            source=self.source,
            comparison=self.comparison,
            camera=self.camera,
            stage=self.stage,
            status=self.status,
            log=self.log,
            frames=np.array(self.times),
            timeline=self.timeline,
            network=self.network,
            now=self.clock(),
            palette=self.shell.palette,
            scale=self.platform.scale,
            scene_box=self.shell.scene_box,
            bindings=self.controls.bindings,
            changed_keys=self.controls.changes,
            written=self.platform.written,
            for_undo=self.retouch.bytes + self.remodel.shelf.bytes + self.history.bytes,
            folders=self.folders,
            recent=self.recent,
            presets=self.desk.presets,
            do=self.do,
            picture=lambda key, image: self.shell.picture(self.pictures.texture(key, image)),
            unet=lambda anatomy, view, now: self.shell.picture(self.unet.draw(anatomy, view, now)),
        )

    def _show(self, target: moderngl.Framebuffer, size: Size) -> None:
        target.use()
        self.ctx.clear(*GROUND, viewport=(0, 0, *size))
        self.shell.render(target)

    def _take_shot(self) -> None:
        self.shot_wanted = False
        target = framebuffer(self.ctx, self.platform.pixels)
        self._show(target, target.size)
        self.desk.save_shot(pixels(target))

    def _after(self) -> None:
        """Bookkeeping between two frames."""
        watched = self.clock() - self._watched_at < WATCHED
        self.worker.watch(Watch(decoded=watched and self.session.live.preview == "decoded", closely=watched))
        if not self.shell.editing:
            self.history = self.history.to(self.edited)
        seen = self.clock() - self._began
        self.shell.overlays.first_help &= seen < HINT_SECONDS and not (self.controls.walked and seen > HINT_SECONDS / 3)
        self._try("Saving by itself", lambda: self.autosave.tend(self.clock()))
        self._try("Noting what is open", self.resume.tend)
        self.heap.tend(self.clock())
        self.platform.set_title(f"{self.scene.name} · {self.status} · Rayverie")
        if not self.controls.looking:
            self.platform.show_cursor(self.shell.cursor)

    def _try(self, what: str, part: Callable[[], None]) -> None:
        try:
            with self.pace.part(what):
                part()
        except Exception as error:
            if isinstance(error, InputError):
                self.say(str(error), "error")
            else:
                self.say(f"{what} failed: {error or type(error).__name__}", "error", traceback.format_exc())
            let_go(error)
