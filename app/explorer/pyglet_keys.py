"""Names of pyglet's keys, and the keyboard's layout: where a key lies and what is printed on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pyglet

# Importing pyglet.window reads these. A shadow window fails without a display; checks after every GL call are slow, and
# moderngl-window switches them off, too, unless pyglet.window came first.
pyglet.options["shadow_window"] = False
pyglet.options["debug_gl"] = False

from pyglet.window import key as pyglet_keys  # noqa: E402

# pyglet's name → the name in app.state.keymap (that of imgui.Key), where it isn't the same in lower case.
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

# X11's keycodes of the rows of a QWERTY keyboard.
_ROWS = {10: "1234567890", 24: "qwertyuiop", 38: "asdfghjkl", 52: "zxcvbnm"}
PLACES = {first + i: letter for first, row in _ROWS.items() for i, letter in enumerate(row)}


def place_of(native: Any, symbol: int) -> str:
    """The QWERTY letter or digit at the place of this symbol's key; "" except on X11 (on macOS, pyglet already names keys by
    place; on Windows, by what is printed on them)."""
    display = getattr(native, "_x_display", None)
    if display is None:
        return ""
    from pyglet.libs.x11 import xlib

    code = symbol >> 32 or xlib.XKeysymToKeycode(display, symbol)  # pyglet shifts the codes of keys that it can't name
    return PLACES.get(code, "")  # pyright: ignore[reportCallIssue, reportArgumentType]


def read_key_captions(native: Any) -> dict[str, str]:
    """Place → name of the key there, where they differ: {"w": "z", …} on AZERTY. Empty except on X11."""
    display = getattr(native, "_x_display", None)
    if display is None:
        return {}
    from pyglet.libs.x11 import xlib

    symbol_at = cast("Callable[[Any, int, int], int]", xlib.XKeycodeToKeysym)
    names = {place: SYMBOLS.get(symbol_at(display, code, 0), place) for code, place in PLACES.items()}
    return {place: name for place, name in names.items() if name != place}
