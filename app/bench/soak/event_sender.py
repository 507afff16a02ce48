"""Send the random user's events to a real window, through the window system's handlers if there are any."""

from __future__ import annotations

from typing import Any

from app.bench.soak import events as e
from app.explorer.explorer import Explorer
from app.explorer.pyglet_keys import SYMBOLS
from app.explorer.window import BUTTONS, Window

CODES = {name: symbol for symbol, name in reversed(SYMBOLS.items())}
BUTTON_NUMBERS = {"left": 1, "middle": 2, "right": 4}  # pyglet's
assert set(BUTTON_NUMBERS) == set(BUTTONS.values())


class EventSender:
    """Tracks pressed buttons and the pointer's position. Disables closing the window."""

    def __init__(self, window: Window, explorer: Explorer) -> None:
        self.window, self.explorer = window, explorer
        self._down: set[str] = set()
        self._at = 0, 0  # the window system's, y up
        window.close = lambda: None  # type: ignore[method-assign]

    def send(self, event: e.Event) -> None:
        """Send one event; any but `Wait`."""
        match event:
            case e.Key(name, pressed):
                self._send("on_key_press" if pressed else "on_key_release", CODES[name], 0)
            case e.Move(x, y):
                self._move(int(x), int(self.window.size[1] - y))
            case e.Button(name, pressed):
                (self._down.add if pressed else self._down.discard)(name)
                self._send("on_mouse_press" if pressed else "on_mouse_release", *self._at, BUTTON_NUMBERS[name], 0)
            case e.Wheel(clicks):
                self._send("on_mouse_scroll", *self._at, 0.0, clicks)
            case e.Text(character):
                self._send("on_text", character)
            case e.Focus(gained):
                self._send("on_activate" if gained else "on_deactivate")
            case e.Resize(size):
                self.window.wnd.size = size
            case e.Drop(path):
                self._send("on_file_drop", *self._at, [str(path)])
            case e.BringToFront(panel):
                self.explorer.shell.bring_to_front(panel)
            case e.Do(action, details):
                self.explorer.do(action, *details)

    def _move(self, x: int, y: int) -> None:
        dx, dy = x - self._at[0], y - self._at[1]
        self._at = x, y
        if self._down:
            self._send("on_mouse_drag", x, y, dx, dy, sum(BUTTON_NUMBERS[name] for name in self._down), 0)
        else:
            self._send("on_mouse_motion", x, y, dx, dy)

    def _send(self, name: str, *details: Any) -> None:
        self.window.native.dispatch_event(name, *details)
