"""The window: opens it with moderngl-window and pyglet, passes its events on to the explorer, and runs the frame loop."""

from __future__ import annotations

import math
import sys
import time
from dataclasses import replace
from typing import Any

import moderngl
import moderngl_window
import pyglet

pyglet.options["shadow_window"] = False  # else importing pyglet.window opens a window, which fails without a display

from moderngl_window.context.pyglet.window import Window as PygletWindow  # noqa: E402

from app.actions.open_scene import remember  # noqa: E402
from app.explorer.explorer import Explorer  # noqa: E402
from app.explorer.gamepads import Gamepads  # noqa: E402
from app.explorer.pyglet_keys import SYMBOLS, place_of, read_key_captions  # noqa: E402
from app.fields import Size  # noqa: E402
from app.files.preferences import read_preferences  # noqa: E402
from app.loop.absent_model import AbsentWorker, model_of_world  # noqa: E402
from app.loop.messages import Worker  # noqa: E402
from app.services.crash_recovery import resume_session  # noqa: E402
from app.services.world_files import home_of  # noqa: E402
from app.session import SceneChoice, Session  # noqa: E402
from app.signals import DeferredSignals  # noqa: E402
from app.state.platform import Folders  # noqa: E402
from base.errors import InputError, escape_controls  # noqa: E402
from engine.gl.context import renderer_name  # noqa: E402
from engine.render.warm_up import warm_up_slices  # noqa: E402
from scenes.load import BUILTIN  # noqa: E402
from scenes.scene import Scene  # noqa: E402

BUTTONS = {1: "left", 2: "right", 3: "middle"}  # moderngl-window's numbers
CURSORS = {
    "text_input": "CURSOR_TEXT",
    "resize_all": "CURSOR_SIZE",
    "resize_ns": "CURSOR_SIZE_UP_DOWN",
    "resize_ew": "CURSOR_SIZE_LEFT_RIGHT",
    "resize_nesw": "CURSOR_SIZE_UP_RIGHT",
    "resize_nwse": "CURSOR_SIZE_UP_LEFT",
    "hand": "CURSOR_HAND",
    "not_allowed": "CURSOR_NO",
    "wait": "CURSOR_WAIT",
}

NAME = "The window"  # in errors
OPENING_RATE = 15  # frames a second at most until something is painted: they take Python's lock from the loading
WAITING_RATE = 10  # likewise while nobody touches anything and frames only wait: software GL takes the model's core
WATCH = 1 / 60  # seconds between looks for events while the next frame isn't due
UNTOUCHED = 1.0  # seconds without events or camera movement after which the window counts as untouched
TOUCHES = ("on_key_press", "on_key_release", "on_mouse_motion", "on_mouse_drag", "on_mouse_press", "on_mouse_release")
TOUCHES += ("on_mouse_scroll", "on_resize", "on_expose")  # pyglet's events; exposed is what another window had covered
LAYOUT_PERIOD = 2.0  # seconds between queries of the keyboard's layout, which take 0.25 ms each


class Window:
    """A window that implements the explorer's `Platform`. Raises InputError if none can be opened."""

    def __init__(self, size: Size, title: str = "Rayverie") -> None:
        try:
            self.wnd = PygletWindow(
                title=title, size=size, gl_version=(3, 3), resizable=True, visible=True, vsync=False, cursor=True
            )
        except Exception as error:  # pyglet has a dozen exceptions for "no display", and GL drivers have their own
            text = str(error) or type(error).__name__
            raise InputError(NAME, "", f"can't be opened ({text}); it needs a display with OpenGL 3.3") from error
        self.wnd.exit_key = self.wnd.fullscreen_key = None  # keys are bound by our own table
        moderngl_window.activate_context(window=self.wnd)
        self.native: Any = self.wnd._window
        self.ctx: moderngl.Context = self.wnd.ctx
        self.ctx.gc_mode = "context_gc"
        self._title, self._cursor = title, "arrow"
        self._due = 0.0  # when the next frame is
        self._touched, self._camera = -math.inf, None  # time and camera of the user's last activity
        self._warming = warm_up_slices(self.ctx)
        self._key_captions, self._asked_at = read_key_captions(self.native), time.perf_counter()

    @property
    def key_captions(self) -> dict[str, str]:
        """See `read_key_captions`. Read again from time to time, as the user may switch the layout."""
        if time.perf_counter() - self._asked_at > LAYOUT_PERIOD:
            self._key_captions, self._asked_at = read_key_captions(self.native), time.perf_counter()
        return self._key_captions

    @property
    def size(self) -> Size:
        return self.native.get_size()

    @property
    def pixels(self) -> Size:
        return self.native.get_framebuffer_size()

    @property
    def scale(self) -> float:
        """Pixels per point beyond the framebuffer's own: 2 on a 4K screen of Windows or Linux, 1 on a Mac's Retina."""
        return max(1.0, float(self.native.scale) * self.size[0] / max(1, self.pixels[0]))

    @property
    def target(self) -> moderngl.Framebuffer:
        return self.wnd.fbo

    def grab_mouse(self, on: bool) -> None:
        if self.wnd.mouse_exclusivity != on:
            self.wnd.mouse_exclusivity = on

    def show_cursor(self, name: str) -> None:
        if name != self._cursor:
            self._cursor = name
            shape = getattr(self.native, CURSORS.get(name, "CURSOR_DEFAULT"), None)
            self.native.set_mouse_cursor(self.native.get_system_mouse_cursor(shape))

    def set_title(self, title: str) -> None:
        if title != self._title:
            self._title = self.wnd.title = title

    def toggle_full_screen(self) -> None:
        self.wnd.fullscreen = not self.wnd.fullscreen

    def read_clipboard(self) -> str:
        return self.native.get_clipboard_text()

    def write_clipboard(self, text: str) -> None:
        self.native.set_clipboard_text(text)

    def close(self) -> None:
        self.wnd.is_closing = True

    def listen(self, explorer: Explorer) -> None:
        """Send the window's events to the explorer, keys by name, the mouse in points with y down."""
        wnd, controls = self.wnd, explorer.controls
        keys = wnd.keys

        def on_key(symbol: Any, action: Any, _modifiers: Any) -> None:
            place = place_of(self.native, symbol)
            name = SYMBOLS.get(symbol, place)  # AZERTY's digits need Shift; without it, they are named by place
            if name:
                controls.key(name, action == keys.ACTION_PRESS, place)

        wnd.key_event_func = on_key
        wnd.unicode_char_entered_func = controls.text
        wnd.mouse_position_event_func = wnd.mouse_drag_event_func = controls.mouse_moved
        wnd.mouse_press_event_func = lambda x, y, button: controls.mouse_button(BUTTONS[button], True)
        wnd.mouse_release_event_func = lambda x, y, button: controls.mouse_button(BUTTONS[button], False)
        wnd.mouse_scroll_event_func = controls.wheel
        wnd.files_dropped_event_func = lambda x, y, paths: explorer.do("drop", paths)

        def on_close() -> bool:
            explorer.do("quit")
            return True  # handled; else pyglet would close the window without asking

        self.native.push_handlers(
            on_close=on_close,
            on_activate=lambda: controls.focus(True),
            on_deactivate=lambda: controls.focus(False),
        )

        def touch(*_: Any) -> None:  # returns None, so that the other handlers get the event, too
            self._touched = time.perf_counter()

        self.native.push_handlers(**dict.fromkeys(TOUCHES, touch))
        self.gamepads = Gamepads(controls)
        try:
            from pyglet.input import ControllerManager  # imported late, as it needs a display on Linux

            self._manager = ControllerManager()
            self._manager.push_handlers(on_connect=self.gamepads.connect, on_disconnect=self.gamepads.disconnect)
            for pad in self._manager.get_controllers():
                self.gamepads.connect(pad)
        except Exception as error:  # systems fail in many different ways here
            explorer.state.log.add(f"Gamepads can't be used here ({error or type(error).__name__})")

    def poll_gamepads(self) -> None:
        """Poll the gamepads, as pyglet's own event loop, which would do so, isn't running."""
        loop = pyglet.app.platform_event_loop
        loop.dispatch_posted_events()
        for device in tuple(getattr(loop, "select_devices", ())):  # Linux; elsewhere they post their events
            if device.poll():
                device.select()

    def run(self, explorer: Explorer) -> None:
        """Run the frame loop until the window is closed. Raises KeyboardInterrupt after SIGINT, SIGTERM or SIGHUP."""
        with DeferredSignals() as signals:
            while not self.wnd.is_closing:
                signals.check()
                self.step(explorer)
                self.pause(explorer)

    def step(self, explorer: Explorer) -> None:
        """Handle events and draw a frame. The first frames also compile shaders while scene and model load."""
        self.poll_gamepads()
        explorer.state.calm = time.perf_counter() - self._touched > UNTOUCHED
        explorer.frame(refresh=not explorer.state.calm)
        with explorer.state.profiler.part("Warming up"):
            next(self._warming, None)
        with explorer.state.profiler.part("Showing the frame"):
            if explorer.changed:
                self.wnd.swap_buffers()
            else:
                self.native.dispatch_events()

    def pause(self, explorer: Explorer) -> None:
        """Wait until the next frame is due, or somebody touches something."""
        now = time.perf_counter()
        if explorer.state.camera != self._camera:
            self._camera, self._touched = explorer.state.camera, now
        limit, untouched = explorer.state.session.view.frame_rate, now - self._touched
        rate = choose_rate(limit, explorer.opening, explorer.waiting, untouched)
        self._due = max(self._due + 1 / rate, now - 0.05)
        touched, calm = self._touched, explorer.state.calm
        while (left := self._due - time.perf_counter()) > 0:
            time.sleep(min(left, WATCH) if calm else left)
            if calm:
                self.native.dispatch_events()
                if self._touched != touched:
                    self._due = time.perf_counter()

    def destroy(self) -> None:
        self.wnd.close()
        self.wnd.destroy()


def choose_rate(limit: int, opening: bool, waiting: bool, untouched: float) -> int:
    """Return the frames per second, at most the user's limit. opening, waiting: see `Explorer`; untouched: seconds without events."""
    if opening:
        return min(limit, OPENING_RATE)
    return min(limit, WAITING_RATE) if waiting and untouched > UNTOUCHED else limit


def open_worker(session: Session, scene: Scene) -> Worker:
    """Start the thread that loads the chosen model, with the LoRAs that the scene's prompts name, and dreams with it."""
    from app.loop.chosen_model import load_chosen
    from app.loop.cores import has_room_for_two_dreams
    from app.loop.garbage import exempt_from_collection
    from app.loop.worker import ThreadWorker
    from diffusion.loaders.options import option_remarks
    from diffusion.loaders.prompt_loras import resolve_loras, style_remarks

    loras, remarks = resolve_loras(session.model.lora, (*scene.prompts, *session.dream.further))
    for remark in (*remarks, *style_remarks(scene.prompts, session.model.ip_adapter is not None)):
        print(escape_controls(remark), file=sys.stderr)

    def load() -> Any:
        with exempt_from_collection():
            model = load_chosen(session.model, loras)
            for remark in option_remarks(session.model.options, model, previews=True):
                print(escape_controls(remark), file=sys.stderr)
            return model

    return ThreadWorker(load, choice=replace(session.model, lora=loras), helped=has_room_for_two_dreams())


def wants_start_page(session: Session) -> bool:
    """Whether to show the start page: no scene or world was given."""
    return session.view.start_page and session.scene == SceneChoice() and session.world is None


def run(session: Session, scene: Scene, folders: Folders | None = None, no_model: bool = False) -> int:
    """Open the window on a scene and run until it is closed. Returns the exit code. Raises InputError without a display.

    no_model: show the scene's saved world without loading a model.
    """
    folders = folders or Folders()
    session = replace(session, view=read_preferences(folders.config, session.view))
    start_page, asked = wants_start_page(session) and not no_model, scene
    session, scene = resume_session(folders.data, session, scene)
    absent = model_of_world(home_of(session, scene.name, folders.data)) if no_model else None
    worker = AbsentWorker(absent) if absent else open_worker(session, scene)  # which loads while the window opens
    try:
        window = Window(session.view.size)
    except BaseException:  # Ctrl-C too, as below
        worker.close()
        raise
    print(f"OpenGL: {renderer_name(window.ctx)}")
    explorer = Explorer(window.ctx, window, session, scene, worker, folders=folders)
    window.listen(explorer)
    explorer.state.overlays.start = start_page and scene is asked
    if explorer.state.scene_name not in ("", *BUILTIN):
        remember(explorer.context, explorer.state.scene_name)
    try:
        window.run(explorer)
        explorer.close()
    finally:
        explorer.worker.close()  # also after Ctrl-C: torch must not be running when the interpreter ends
        window.destroy()
    return 0
