"""From the window's events to ImGui: key names, modifiers, text, mouse and wheel. Knows no window library: keys come by name."""

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
    """Which keys are down, by name ("w", "1", "left_ctrl": the names of imgui.Key). Feeds ImGui and answers the walker.

    Releases are always forwarded, also those of keys whose press ImGui or the walker never saw: nothing sticks.
    """

    def __init__(self) -> None:
        self.down: set[str] = set()

    @property
    def modifiers(self) -> frozenset[str]:
        return frozenset(m for m in _MODIFIERS if f"left_{m}" in self.down or f"right_{m}" in self.down)

    def key(self, name: str, pressed: bool) -> None:
        """A key went down or up. Names that ImGui doesn't know are kept for the bindings only."""
        (self.down.add if pressed else self.down.discard)(name)
        io = imgui.get_io()
        held = self.modifiers
        for modifier, key in _MODIFIERS.items():
            io.add_key_event(key, modifier in held)
        if (key := getattr(imgui.Key, f"_{name}" if name.isdigit() else name, None)) is not None:
            io.add_key_event(key, pressed)

    def text(self, characters: str) -> None:
        """What was typed, after the keyboard layout had its say. Control characters are keys, not text."""
        for character in characters:
            if character.isprintable():
                imgui.get_io().add_input_character(ord(character))

    def focus(self, gained: bool) -> None:
        """The window got or lost the keyboard: on loss every key counts as released, since its release goes elsewhere."""
        if not gained:
            for name in tuple(self.down):
                self.key(name, False)
        imgui.get_io().add_focus_event(gained)


def mouse_moved(x: float, y: float) -> None:
    """In points from the top left of the window."""
    imgui.get_io().add_mouse_pos_event(x, y)


def mouse_left() -> None:
    """The pointer is outside of the window or belongs to the walker: no panel is under it."""
    big = 3.4e38  # ImGui's own sign for "nowhere"
    imgui.get_io().add_mouse_pos_event(-big, -big)


def mouse_button(name: str, pressed: bool) -> None:
    imgui.get_io().add_mouse_button_event(BUTTONS[name], pressed)


def wheel(x: float, y: float) -> None:
    """Clicks; positive y scrolls towards the top, positive x to the left."""
    imgui.get_io().add_mouse_wheel_event(x, y)


def takes_mouse() -> bool:
    """Whether the pointer is over a panel (or drags from one): then the scene must not hear it."""
    return bool(imgui.get_io().want_capture_mouse)


def takes_keys() -> bool:
    """Whether somebody types into a field: then letters are letters."""
    return bool(imgui.get_io().want_text_input)
