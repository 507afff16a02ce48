"""Passes input events to ImGui: keys by name, text, mouse and wheel. Independent of the window library."""

from __future__ import annotations

from imgui_bundle import imgui

BUTTONS = {"left": 0, "right": 1, "middle": 2}
_MODIFIERS = {
    "ctrl": imgui.Key.mod_ctrl,
    "shift": imgui.Key.mod_shift,
    "alt": imgui.Key.mod_alt,
    "super": imgui.Key.mod_super,
}


class Keyboard:
    """Tracks which keys are down, by name ("w", "1", "left_ctrl": the names of imgui.Key), and passes them to ImGui.

    Releases are always passed on, even of keys whose press ImGui never saw, so that no key gets stuck.
    """

    def __init__(self) -> None:
        self.down: set[str] = set()

    @property
    def modifiers(self) -> frozenset[str]:
        return frozenset(m for m in _MODIFIERS if f"left_{m}" in self.down or f"right_{m}" in self.down)

    def key(self, name: str, pressed: bool) -> None:
        """Press or release a key. Names unknown to ImGui are only tracked."""
        (self.down.add if pressed else self.down.discard)(name)
        io = imgui.get_io()
        held = self.modifiers
        for modifier, key in _MODIFIERS.items():
            io.add_key_event(key, modifier in held)
        if (key := getattr(imgui.Key, f"_{name}" if name.isdigit() else name, None)) is not None:
            io.add_key_event(key, pressed)

    def text(self, characters: str) -> None:
        """Pass typed text to ImGui, without control characters."""
        for character in characters:
            if character.isprintable():
                imgui.get_io().add_input_character(ord(character))

    def focus(self, gained: bool) -> None:
        """Handle a gain or loss of the keyboard focus. On loss, release all keys, as their releases go to another window."""
        if not gained:
            for name in tuple(self.down):
                self.key(name, False)
        imgui.get_io().add_focus_event(gained)


def mouse_moved(x: float, y: float) -> None:
    """Move the pointer: points from the top left of the window."""
    imgui.get_io().add_mouse_pos_event(x, y)


def mouse_left() -> None:
    """The pointer is outside the window or captured for looking around, so it is over no panel."""
    big = 3.4e38  # ImGui's value for "no position"
    imgui.get_io().add_mouse_pos_event(-big, -big)


def mouse_button(name: str, pressed: bool) -> None:
    imgui.get_io().add_mouse_button_event(BUTTONS[name], pressed)


def wheel(x: float, y: float) -> None:
    """Scroll by clicks: positive y towards the top, positive x to the left."""
    imgui.get_io().add_mouse_wheel_event(x, y)


def takes_mouse(x: float, y: float) -> bool:
    """Whether a pointer there is over a panel, or drags from one, so that the scene must ignore it. The panels are where the last frame
    drew them; the pointer may have come since."""
    imgui.internal.update_hovered_window_and_capture_flags(imgui.ImVec2(x, y))
    return bool(imgui.get_io().want_capture_mouse)


def takes_keys() -> bool:
    """Whether a text field has the focus, so that keys are text."""
    return bool(imgui.get_io().want_text_input)
