"""The window: moderngl-window's pyglet one, its events by name for the explorer, and the frame loop. Only this file knows pyglet."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import moderngl
import moderngl_window
import pyglet

pyglet.options["shadow_window"] = False  # or importing pyglet.window opens one, and fails where there is no display

from moderngl_window.context.pyglet.window import Window as PygletWindow  # noqa: E402
from pyglet.window import key as pyglet_keys  # noqa: E402

from app.explorer.explorer import Explorer  # noqa: E402
from app.explorer.gamepads import Gamepads  # noqa: E402
from app.fields import Size  # noqa: E402
from app.files.preferences import remembered  # noqa: E402
from app.loop.messages import Worker  # noqa: E402
from app.services.crash_recovery import resume_session  # noqa: E402
from app.session import Session  # noqa: E402
from app.state.platform import Folders  # noqa: E402
from base.errors import InputError, shown  # noqa: E402
from engine.gl.context import renderer_name  # noqa: E402
from engine.render.warm_up import warm_up_slices  # noqa: E402
from scenes.scene import Scene  # noqa: E402

# pyglet's name → the name in app.state.keymap (that of imgui.Key), where they aren't the same in lower case.
_NAMES = {
    "RETURN": "enter", "UP": "up_arrow", "DOWN": "down_arrow", "LEFT": "left_arrow", "RIGHT": "right_arrow",
    "PAGEUP": "page_up", "PAGEDOWN": "page_down", "LSHIFT": "left_shift", "RSHIFT": "right_shift", "LCTRL": "left_ctrl",
    "RCTRL": "right_ctrl", "LALT": "left_alt", "RALT": "right_alt", "LOPTION": "left_alt", "ROPTION": "right_alt",
    "LCOMMAND": "left_super", "RCOMMAND": "right_super", "LWINDOWS": "left_super", "RWINDOWS": "right_super",
    "BRACKETLEFT": "left_bracket", "BRACKETRIGHT": "right_bracket", "GRAVE": "grave_accent", "NUM_ENTER": "keypad_enter",
    "NUM_ADD": "keypad_add", "NUM_SUBTRACT": "keypad_subtract", "NUM_MULTIPLY": "keypad_multiply",
    "NUM_DIVIDE": "keypad_divide", "NUM_DECIMAL": "keypad_decimal", "CAPSLOCK": "caps_lock",
    **{f"_{i}": str(i) for i in range(10)}, **{f"NUM_{i}": f"keypad{i}" for i in range(10)},
}  # fmt: skip
_SAME = (
    "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12 TAB BACKSPACE ESCAPE "
    "INSERT DELETE SPACE HOME END MINUS EQUAL BACKSLASH SEMICOLON APOSTROPHE COMMA PERIOD SLASH PAUSE MENU"
)
SYMBOLS: dict[int, str] = {getattr(pyglet_keys, name): name.lower() for name in _SAME.split()} | {
    getattr(pyglet_keys, name): ours for name, ours in _NAMES.items() if hasattr(pyglet_keys, name)
}
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


# X11's keycodes of digits and letters, by where they lie: the rows of a QWERTY keyboard.
_ROWS = {10: "1234567890", 24: "qwertyuiop", 38: "asdfghjkl", 52: "zxcvbnm"}
PLACES = {first + i: letter for first, row in _ROWS.items() for i, letter in enumerate(row)}


def place_of(native: Any, symbol: int) -> str:
    """The QWERTY letter or digit that lies where the key of this symbol lies, or "" where that can't be asked (pyglet names
    keys by place on macOS already, and on Windows by what is written on them)."""
    display = getattr(native, "_x_display", None)
    if display is None:
        return ""
    from pyglet.libs.x11 import xlib

    code = symbol >> 32 or xlib.XKeysymToKeycode(display, symbol)  # pyglet shifts the codes of keys that it can't name
    return PLACES.get(code, "")  # pyright: ignore[reportCallIssue, reportArgumentType]


def written_on(native: Any) -> dict[str, str]:
    """Place → the name of the key that lies there, where it is another: {"w": "z", …} on AZERTY. Nothing where it can't be asked."""
    display = getattr(native, "_x_display", None)
    if display is None:
        return {}
    from pyglet.libs.x11 import xlib

    symbol_at = cast("Callable[[Any, int, int], int]", xlib.XKeycodeToKeysym)
    names = {place: SYMBOLS.get(symbol_at(display, code, 0), place) for code, place in PLACES.items()}
    return {place: name for place, name in names.items() if name != place}


NAME = "The window"  # in errors
LAYOUT = 2.0  # seconds after which the keyboard's layout is asked again: a quarter of a millisecond


class Window:
    """A real window, as the explorer's `Platform`. Raises InputError where none can be opened."""

    def __init__(self, size: Size, title: str = "Rayverie") -> None:
        try:
            self.wnd = PygletWindow(
                title=title, size=size, gl_version=(3, 3), resizable=True, visible=True, vsync=False, cursor=True
            )
        except Exception as error:  # pyglet has a dozen exceptions for "no display", and GL drivers have their own
            text = str(error) or type(error).__name__
            raise InputError(NAME, "", f"can't be opened ({text}); it needs a display with OpenGL 3.3") from error
        self.wnd.exit_key = self.wnd.fullscreen_key = None  # our own table of keys decides
        moderngl_window.activate_context(window=self.wnd)
        self.native: Any = self.wnd._window
        self.ctx: moderngl.Context = self.wnd.ctx
        self.ctx.gc_mode = "context_gc"
        self._title, self._cursor = title, "arrow"
        self._due = 0.0  # when the next frame is
        self._warming = warm_up_slices(self.ctx)
        self._written, self._asked_at = written_on(self.native), time.perf_counter()

    @property
    def written(self) -> dict[str, str]:
        """See `written_on`. Who writes in two languages changes the layout now and then."""
        if time.perf_counter() - self._asked_at > LAYOUT:
            self._written, self._asked_at = written_on(self.native), time.perf_counter()
        return self._written

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
            name = SYMBOLS.get(symbol, place)  # AZERTY's digits need Shift: unshifted they count by place
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
            return True  # handled: pyglet itself would close the window unasked

        self.native.push_handlers(
            on_close=on_close,
            on_activate=lambda: controls.focus(True),
            on_deactivate=lambda: controls.focus(False),
        )

        self.gamepads = Gamepads(controls)
        try:
            from pyglet.input import ControllerManager  # not before: on Linux it asks for a display

            self._manager = ControllerManager()
            self._manager.push_handlers(on_connect=self.gamepads.connect, on_disconnect=self.gamepads.disconnect)
            for pad in self._manager.get_controllers():
                self.gamepads.connect(pad)
        except Exception as error:  # every system has its own ways of not letting one have a gamepad
            explorer.state.log.add(f"Gamepads can't be used here ({error or type(error).__name__})")

    def poll_gamepads(self) -> None:
        """What pyglet's own event loop would do for them, which doesn't run here."""
        loop = pyglet.app.platform_event_loop
        loop.dispatch_posted_events()
        for device in tuple(getattr(loop, "select_devices", ())):  # Linux; elsewhere they post their events
            if device.poll():
                device.select()

    def run(self, explorer: Explorer) -> None:
        """The frame loop, until the window is closed; at most `frame_rate` frames a second. Raises KeyboardInterrupt when a signal asks."""
        with noted_signals() as noted:
            while not self.wnd.is_closing:
                if noted:
                    raise KeyboardInterrupt
                self.step(explorer)
                self.pause(explorer)

    def step(self, explorer: Explorer) -> None:
        """One frame, and the events since the last one. The first ones compile shaders, while the scene and the model are read."""
        next(self._warming, None)
        self.poll_gamepads()
        explorer.frame()
        self.wnd.swap_buffers()

    def pause(self, explorer: Explorer) -> None:
        """Until the next frame is due."""
        now = time.perf_counter()
        self._due = max(self._due + 1 / explorer.state.session.view.frame_rate, now - 0.05)
        time.sleep(max(0.0, self._due - now))

    def destroy(self) -> None:
        self.wnd.close()
        self.wnd.destroy()


@contextmanager
def noted_signals() -> Iterator[list[int]]:
    """Ctrl-C and SIGTERM are noted here, to be obeyed between two frames: an exception out of a callback of C's, or of the collector's,
    is lost, and the program would run on. A second one stops whatever runs."""
    noted: list[int] = []

    def note(number: int, _: object) -> None:
        if noted:
            raise KeyboardInterrupt
        noted.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def open_worker(session: Session, scene: Scene) -> Worker:
    """The thread that loads the chosen model, with the LoRAs that the scene's prompts name, and dreams with it."""
    from app.loop.garbage import for_good
    from app.loop.worker import ThreadWorker
    from diffusion.loaders.prompt_loras import resolve_loras

    loras, remarks = resolve_loras(session.model.lora, (*scene.prompts, *session.dream.further))
    for remark in remarks:
        print(shown(remark), file=sys.stderr)

    def load() -> Any:
        with for_good():
            from diffusion.loaders.loading import load_model

            return load_model(session.model.ref, session.model.device, loras)

    return ThreadWorker(load)


def run(session: Session, scene: Scene, folders: Folders | None = None) -> int:
    """Open the window on a scene and walk until it is closed. Returns the exit code. Raises InputError without a display."""
    folders = folders or Folders()
    session = replace(session, view=remembered(folders.config, session.view))
    session, scene = resume_session(folders.data, session, scene)
    window = Window(session.view.size)
    print(f"OpenGL: {renderer_name(window.ctx)}")
    explorer = Explorer(window.ctx, window, session, scene, open_worker(session, scene), folders=folders)
    window.listen(explorer)
    try:
        window.run(explorer)
        explorer.close()
    finally:
        explorer.worker.close()  # after Ctrl-C, too: torch must not be at work when the interpreter goes
        window.destroy()
    return 0
