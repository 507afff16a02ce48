"""The explorer: one frame of it, and what its events do. Knows no window library, so anything with a GL context can drive it."""

from __future__ import annotations

import time
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import moderngl
import numpy as np
import platformdirs

from app import eraser, presets, walk
from app import input as hands
from app.handlers import HANDLERS
from app.history import History
from app.keys import BY_NAME, bindings, chord
from app.log import Log
from app.messages import Failed, Message, Status, Worker
from app.panels.context import PanelContext
from app.panels.shell import Clipboard, Shell
from app.pictures import Pictures
from app.session import Session, describe
from app.shot import pictures_folder, save_shot, save_steps
from app.stage import Plan, Stage, plan_later
from app.timeline import Record, Timeline
from engine.context import finish
from engine.volume import World
from engine.world import load_world, save_world
from scenes.camera import Camera
from scenes.errors import InputError
from scenes.scene import Scene

FRAMES = 240  # of which the times are kept for the plot
FINE = 4  # how much finer than a dream one looks to find all texels of a view
HINT_SECONDS = 25.0  # the line of help of the first start goes after so long, or when its reader has walked away
Size = tuple[int, int]


class Platform(Protocol):
    """The window, as far as the explorer needs one. size: points; pixels: of the framebuffer; scale: what's left to us."""

    size: Size
    pixels: Size
    scale: float
    target: moderngl.Framebuffer

    def grab_mouse(self, on: bool) -> None: ...
    def show_cursor(self, name: str) -> None: ...
    def set_title(self, title: str) -> None: ...
    def toggle_full_screen(self) -> None: ...
    def read_clipboard(self) -> str: ...
    def write_clipboard(self, text: str) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Folders:
    """Where the explorer leaves things. config: layout; pictures: screenshots; worlds: saved worlds."""

    config: Path = field(default_factory=lambda: Path(platformdirs.user_config_dir("rayverie", False)))
    pictures: Path = field(default_factory=pictures_folder)
    worlds: Path = field(default_factory=lambda: Path(platformdirs.user_data_dir("rayverie", False)) / "worlds")


class Explorer:
    """The program in the window. `frame` once a frame; events in between; everything on the GL thread."""

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
        self.session, self.scene, self.stage = session, scene, None
        self.history = History(session)
        self.log, self.timeline = Log(), Timeline()
        clipboard = Clipboard(platform.read_clipboard, platform.write_clipboard)
        self.shell = Shell(ctx, self.folders.config / "layout.ini", clipboard)
        self.pictures = Pictures(ctx)
        self.keyboard = hands.Keyboard()
        self.bindings = bindings()
        self.presets: Mapping[str, Mapping[str, Any]] = {}
        self.walker = walk.Walker()
        self.looking = ""  # the button that turns the camera: "left" until Esc, "right" while held
        self.times: deque[float] = deque(maxlen=FRAMES)
        self._began = self._last = clock()
        self._opening: Future[Plan] | None = plan_later(scene)
        self._errands = ThreadPoolExecutor(1, thread_name_prefix="scribe")  # writes files while frames go on
        self._errand: tuple[Future[Any], Callable[[Any], None]] | None = None
        self._shot_wanted = False
        self._canvas: moderngl.Framebuffer | None = None
        self._drawn: tuple[Any, ...] | None = None  # what the canvas shows
        self.shell.overlays.first_help = not self.shell.known
        for note in scene.notes:
            self.log.add(note, "warning")

    # -- one frame ---------------------------------------------------------------------------------------------------

    def frame(self) -> None:
        """Draw one frame into the platform's target. A part that fails is told in the log; the others go on."""
        now = self.clock()
        seconds, self._last = now - self._last, now
        self.times.append(seconds)
        collect(self.ctx)
        self._try("Opening the scene", self._open)
        self._try("Walking", lambda: self._move(seconds))
        self._try("Writing a file", self._run_errand)
        shell, platform = self.shell, self.platform
        shell.overlays.now = now
        shell.begin(platform.size, platform.pixels, platform.scale, seconds)
        if self.stage:
            self._try("Painting", lambda: self._paint(now))
            self._try("Drawing the scene", self._draw_scene)
        before = self.session
        drawn = shell.draw(self._context())
        self.session = drawn if self.session is before else self.session  # an action's change wins over a panel's
        shell.end()
        platform.target.use()
        self.ctx.clear(*_GROUND, viewport=(0, 0, *platform.pixels))
        shell.render(platform.target)
        if self._shot_wanted:
            self._try("Taking a screenshot", self._take_shot)
        self._after()
        finish(self.ctx)

    @property
    def camera(self) -> Camera:
        return self.walker.camera(self.session.view.fov)

    @property
    def status(self) -> str:
        return self.stage.painter.words if self.stage else "opening the scene"

    def say(self, text: str, level: str = "info", details: str = "") -> None:
        """A toast, and a line in the log. The same twice in a row (a broken frame repeats itself) is one toast."""
        self.log.add(text, level, details)
        if all(text != shown for shown, _, _ in self.shell.overlays.toasts):
            self.shell.overlays.toast(text, level, 8.0 if level == "error" else 4.0)

    def do(self, action: str) -> None:
        """Run an action of the key table by its name."""
        self._try(BY_NAME[action].title if action in BY_NAME else action, lambda: HANDLERS[action](self))

    def close(self) -> None:
        """Give everything back. The worker is closed too."""
        self.worker.close()
        self._errands.shutdown(wait=True)
        self.shell.release()
        self.pictures.release()
        if self.stage:
            self.stage.release()

    # -- events ------------------------------------------------------------------------------------------------------

    def key(self, name: str, pressed: bool) -> None:
        """A key by its name in `app.keys`. Releases always reach everyone; presses run actions unless somebody types."""
        typing = hands.takes_keys()
        self.keyboard.key(name, pressed)
        if not pressed:
            return
        if name == "escape" or not typing or (name.startswith("f") and name[1:].isdigit()):
            action = self.bindings.get(chord(name, self.keyboard.modifiers))
            if action is not None and not BY_NAME[action].held:
                self.do(action)

    def text(self, characters: str) -> None:
        self.keyboard.text(characters)

    def mouse_moved(self, x: float, y: float, dx: float, dy: float) -> None:
        """In points, y down."""
        if self.looking:
            self.walker = walk.turn(self.walker, dx, dy, self.session.view.sensitivity)
        else:
            hands.mouse_moved(x, y)

    def mouse_button(self, name: str, pressed: bool) -> None:
        """name: left, right or middle. A click into the scene takes the mouse for looking."""
        if pressed and not self.looking and not hands.takes_mouse() and name in ("left", "right"):
            self.looking = name
            self.platform.grab_mouse(True)
            hands.mouse_left()
        elif not pressed and name == self.looking == "right":
            self.release_mouse()
        else:
            hands.mouse_button(name, pressed)

    def wheel(self, x: float, y: float) -> None:
        if hands.takes_mouse() and not self.looking:
            hands.wheel(x, y)
        else:
            view = self.session.view
            self.session = replace(self.session, view=replace(view, speed=walk.change_speed(view.speed, y)))
            self.shell.overlays.toasts = [t for t in self.shell.overlays.toasts if not t[0].startswith("Speed")]
            self.shell.overlays.toast(f"Speed {self.session.view.speed:.1f} blocks a second", seconds=1.2)

    def focus(self, gained: bool) -> None:
        self.keyboard.focus(gained)
        if not gained:
            self.release_mouse()

    def release_mouse(self) -> None:
        self.looking = ""
        self.platform.grab_mouse(False)

    def quit(self) -> None:
        self.platform.close()

    # -- actions that need more than a line --------------------------------------------------------------------------

    def undo(self) -> None:
        self.history = self.history.undo()
        self.session = self.history.present

    def redo(self) -> None:
        self.history = self.history.redo()
        self.session = self.history.present

    def take_shot(self) -> None:
        """At the end of this frame."""
        self._shot_wanted = True

    def dream_again(self) -> None:
        """Forget what this view shows and dream it anew. Looked at finely, so that nothing is left between the pixels."""
        if self.stage is None or self.stage.painter.model is None:
            return
        painter, volume = self.stage.painter, self.stage.volume
        painter.cancel()
        width, height = painter.look(self.camera, self._scene_size()).size
        eraser.erase(volume, eraser.seen(volume.gather(self.camera, (FINE * width, FINE * height))))
        painter.forgive()

    def save_world(self, then: Callable[[], None] | None = None) -> None:
        """Write the world file, beside the frames; `then` runs when it is written."""
        if self.stage is None or self.stage.painter.model is None:
            self.say("Nothing is painted yet", "warning")
            return
        path, stage, model = self.world_file, self.stage, self.stage.painter.model.id
        snapshot = stage.volume.snapshot()

        def done(_: Any) -> None:
            self.say(f"World saved: {path}")
            if then:
                then()

        charts = stage.plan.charts
        self._send(lambda: save_world(path, snapshot, scene=stage.scene, charts=charts, model=model), done)

    def load_world(self) -> None:
        """Read the world file back, in place of what is painted."""
        if self.stage is None or self.stage.painter.model is None:
            self.say("The model is still being loaded", "warning")
            return
        path, stage, model, charts = self.world_file, self.stage, self.stage.painter.model, self.stage.plan.charts

        def done(world: World) -> None:
            stage.painter.cancel()
            stage.volume.restore(world)
            stage.painter.forgive()
            self.say(f"World loaded: {path}")

        fits = {"scene": stage.scene, "charts": charts, "model": model.id, "channels": model.channels}
        self._send(lambda: load_world(path, **fits), done)

    @property
    def world_file(self) -> Path:
        """The session's, or this scene's own in the data folder."""
        return self.session.world or self.folders.worlds / f"{self.scene.name}.safetensors"

    def save_preset(self, name: str) -> None:
        """Keep the dream settings under a name, as a file in the config folder."""
        presets.save(self.folders.config / "presets", name, self.session.dream)
        self.presets = presets.load(self.folders.config / "presets")
        self.say(f"Preset saved: {name}")

    def export(self, record: Record, suffix: str) -> None:
        """Save the steps of a dream, all at the size of the finished picture, beside the frames."""
        path = self.folders.pictures / datetime.now().strftime(f"dream-%Y%m%d-%H%M%S{suffix}")
        settings = describe(self.session)
        self._send(lambda: save_steps(path, record.pictures, settings), lambda _: self.say(f"Saved: {path}"))

    # -- parts of a frame --------------------------------------------------------------------------------------------

    def _open(self) -> None:
        if self._opening is None or not self._opening.done():
            return
        opening, self._opening = self._opening, None
        self.stage = Stage(self.ctx, opening.result(), self.session, self.worker)
        self.walker = walk.Walker.at(self.stage.start(self.session.view.fov))
        self.log.add(
            f"{self.scene.name} is open: {self.stage.plan.charts.texels:,} texels on {len(self.stage.plan.charts)} charts"
        )

    def _move(self, seconds: float) -> None:
        wish = self._wish()
        ground = self.stage.ground if self.stage and self.session.view.walk else None
        self.walker = walk.step(self.walker, wish, seconds, ground)

    def _wish(self) -> walk.Wish:
        """What the keys that are down ask for."""
        if hands.takes_keys() or "ctrl" in self.keyboard.modifiers or self.shell.overlays.open:
            return walk.Wish(speed=self.session.view.speed)
        asked = {self.bindings.get(key) for key in self.keyboard.down}
        if asked & {"forward", "back", "left", "right"}:
            self.shell.overlays.first_help &= self.clock() - self._began < HINT_SECONDS / 3
        return walk.Wish(
            forward=("forward" in asked) - ("back" in asked),
            right=("right" in asked) - ("left" in asked),
            up=("up" in asked) - ("down" in asked),
            speed=self.session.view.speed,
            fast="fast" in asked,
        )

    def _paint(self, now: float) -> None:
        assert self.stage is not None
        painter = self.stage.painter
        painter.session = self.session
        for message in painter.update(self.camera, self._scene_size(), now):
            self._note(message, now)

    def _note(self, message: Message, now: float) -> None:
        self.timeline = self.timeline.take(message, now)
        if isinstance(message, Failed):
            what = "The model can't be loaded" if message.request is None else "A dream failed"
            self.say(f"{what}: {message.problem}", "error", message.traceback)
        elif isinstance(message, Status):
            self.log.add(message.text[:1].upper() + message.text[1:])
            if message.model and self.stage:
                self.stage.fit(self.session, message.model)
                self.presets = presets.load(self.folders.config / "presets")  # checked against tables beside torch
                if self.world_file.exists() and self.session.world:
                    self.load_world()

    def _scene_size(self) -> Size:
        """Pixels of the box that the panels leave to the scene."""
        _, _, width, height = self.shell.scene_box
        scale = self.platform.pixels[0] / max(1, self.platform.size[0])
        return max(16, round(width * scale)), max(16, round(height * scale))

    def _draw_scene(self) -> None:
        assert self.stage is not None
        size, mode, steps = self._scene_size(), self.session.view.mode, self.session.dream.steps
        if self._canvas is None or self._canvas.size != size:
            self._canvas, self._drawn = _framebuffer(self.ctx, size, self._canvas), None
        shown = (self.stage, self.stage.volume.revision, self.camera, mode, steps)
        if shown != self._drawn:  # a still picture is drawn once: what it would cost belongs to the dream
            self.stage.renderer.full_steps = float(steps)
            self.stage.renderer.draw(self._canvas, self.camera, size, mode)
            self._drawn = shown
        self.shell.show_scene(self._canvas.color_attachments[0])  # type: ignore[arg-type]

    def _context(self) -> PanelContext:
        return PanelContext(
            session=self.session,
            camera=self.camera,
            stage=self.stage,
            log=self.log,
            frames=np.array(self.times),
            timeline=self.timeline,
            now=self.clock(),
            palette=self.shell.palette,
            scale=self.platform.scale,
            bindings=self.bindings,
            do=self.do,
            export=self.export,
            presets=self.presets,
            save_preset=self.save_preset,
            picture=lambda key, image: self.shell.picture(self.pictures.texture(key, image)),
        )

    def _take_shot(self) -> None:
        self._shot_wanted = False
        size = self.platform.pixels
        target = _framebuffer(self.ctx, size, None)
        target.use()
        target.clear(*_GROUND)
        self.shell.render(target)
        finish(self.ctx)
        pixels = np.frombuffer(target.read(components=4, alignment=1), np.uint8).reshape(size[1], size[0], 4)[
            ::-1, :, :3
        ]
        camera, session, folder = self.camera, self.session, self.folders.pictures
        self._send(
            lambda: save_shot(folder, np.ascontiguousarray(pixels), session, camera, datetime.now()),
            lambda path: self.say(f"Screenshot: {path}"),
        )

    def _send(self, work: Callable[[], Any], then: Callable[[Any], None]) -> None:
        """Run `work` beside the frames, and `then` with what it gave, on this thread."""
        if self._errand is not None:
            self.say("Still busy with a file; try again in a moment", "warning")
            return
        self._errand = self._errands.submit(work), then

    def _run_errand(self) -> None:
        if self._errand is not None and self._errand[0].done():
            (future, then), self._errand = self._errand, None
            then(future.result())

    def _after(self) -> None:
        """Bookkeeping between two frames."""
        if not self.shell.editing:
            self.history = self.history.to(self.session)
        overlays = self.shell.overlays
        overlays.first_help &= self.clock() - self._began < HINT_SECONDS
        self.platform.set_title(f"{self.scene.name} · {self.status} · Rayverie")
        if not self.looking:
            self.platform.show_cursor(self.shell.cursor)

    def _try(self, what: str, part: Callable[[], None]) -> None:
        try:
            part()
        except InputError as error:
            self.say(str(error), "error")
        except Exception as error:
            self.say(f"{what} failed: {error or type(error).__name__}", "error", traceback.format_exc())


def collect(ctx: moderngl.Context) -> int:
    """Release the GL objects that Python has let go of, whatever thread it did so on. Returns how many.

    moderngl's own `gc` stumbles over objects that were released by hand before: they are queued once more, hollow.
    """
    count = 0
    while ctx.objects:
        release = getattr(ctx.objects.popleft(), "release", None)
        if release is not None:
            release()
            count += 1
    return count


_GROUND = (0.055, 0.067, 0.086, 1.0)


def _framebuffer(ctx: moderngl.Context, size: Size, old: moderngl.Framebuffer | None) -> moderngl.Framebuffer:
    """A colour and depth target of this size; the old one's memory is given back."""
    if old is not None:
        for attachment in (*old.color_attachments, old.depth_attachment):
            attachment.release()  # type: ignore[union-attr]
        old.release()
    colour = ctx.texture(size, 4)
    colour.swizzle = "RGB1"  # whatever the scene's blending left in alpha, behind the panels it is opaque
    colour.filter = (moderngl.NEAREST, moderngl.NEAREST)
    return ctx.framebuffer([colour], ctx.depth_renderbuffer(size))
