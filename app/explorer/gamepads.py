"""Gamepads: the left stick moves, the right one looks, triggers move down and up, and buttons are keys."""

from __future__ import annotations

from typing import Any

from app.explorer.input import Controls

# pyglet's name of a button → its name in app.state.keymap
BUTTONS = {
    **{name: f"pad_{name}" for name in ("a", "b", "x", "y", "back", "start", "guide")},
    "leftshoulder": "pad_left_shoulder",
    "rightshoulder": "pad_right_shoulder",
    "leftstick": "pad_left_stick",
    "rightstick": "pad_right_stick",
}
CROSS = (("pad_left", "pad_right"), ("pad_down", "pad_up"))  # of each axis of the cross, when it is -1 and 1
NAMES = (*BUTTONS.values(), *CROSS[0], *CROSS[1])


class Gamepads:
    """Handles the events of all connected `pyglet.input.Controller`s."""

    def __init__(self, controls: Controls) -> None:
        self.controls = controls
        self._down: set[str] = set()

    def connect(self, pad: Any) -> None:
        pad.open()
        pad.push_handlers(self)

    def disconnect(self, pad: Any) -> None:
        """Release everything, so that nothing sticks when a cable is pulled."""
        pad.remove_handlers(self)
        for name in tuple(self._down):
            self._press(name, False)
        self.controls.axes.clear()

    def on_button_press(self, _pad: Any, button: str) -> None:
        if button in BUTTONS:
            self._press(BUTTONS[button], True)

    def on_button_release(self, _pad: Any, button: str) -> None:
        if button in BUTTONS:
            self._press(BUTTONS[button], False)

    def on_dpad_motion(self, _pad: Any, vector: Any) -> None:
        for value, (less, more) in zip(vector, CROSS, strict=True):
            for name, wanted in ((less, value < 0), (more, value > 0)):
                if wanted != (name in self._down):
                    self._press(name, wanted)

    def on_stick_motion(self, _pad: Any, stick: str, vector: Any) -> None:
        """vector: -1..1 to the right and up."""
        side = stick.removesuffix("stick")
        self.controls.axes |= {f"{side}_x": vector[0], f"{side}_y": vector[1]}

    def on_trigger_motion(self, _pad: Any, trigger: str, value: float) -> None:
        """value: 0..1."""
        self.controls.axes[trigger] = value

    def _press(self, name: str, pressed: bool) -> None:
        (self._down.add if pressed else self._down.discard)(name)
        self.controls.key(name, pressed)
