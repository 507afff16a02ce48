"""Routes keys, mouse, wheel and gamepads to panels, movement or actions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from app.actions.context import ActionContext
from app.gui import input as gui_input
from app.moving import walk
from app.state.keymap import BY_NAME, MODIFIER_KEYS, chord

IN_DIALOGS = {
    "escape",
    "help",
    "palette",
    "screenshot",
    "full_screen",
    "quit",
}  # actions that run while a dialog is open
OVER_SCENE = IN_DIALOGS | {
    "undo",
    "redo",
    "smaller_brush",
    "larger_brush",
    "panels",
}  # actions that run while a picture covers the scene
REST = 0.15  # dead zone of a stick, as a share of its range
TURN = 120.0  # degrees per second at full deflection


class Controls:
    """Takes events by name from any window. `AppState.looking` is "left" until Esc, "right" while that button is held."""

    def __init__(self, context: ActionContext, do: Callable[..., None]) -> None:
        """do: runs an action by its name."""
        self.context, self._do = context, do
        self.keyboard = gui_input.Keyboard()
        self.pointer = 0.0, 0.0  # points
        self._places: set[str] = set()  # pressed keys, by position on a QWERTY keyboard
        self.axes: dict[str, float] = {}  # of gamepads: left_x … right_y -1..1, lefttrigger, righttrigger 0..1
        self.walked = False  # whether the walker was ever moved by hand

    def key(self, name: str, pressed: bool, place: str = "") -> None:
        """Handle a key, named as in `app.state.keymap`. Releases are always passed on; presses run actions unless the user types.

        place: the name of the key at this place of a QWERTY keyboard. Keys for walking go by place (ZQSD on AZERTY), all others by
        what is written on the key.
        """
        if pressed and self._catch(name, place or name):
            return
        typing = gui_input.takes_keys()
        (self._places.add if pressed else self._places.discard)(place or name)
        self.keyboard.key(name, pressed)
        if pressed and (name == "escape" or not typing or (name[0] == "f" and name[1:].isdigit())):
            action = self.context.state.keys.bindings.get(chord(name, self.keyboard.modifiers))
            if action is not None and not BY_NAME[action].held and self._takes(action):
                self._do(action)

    def _takes(self, action: str) -> bool:
        """Whether a key runs this action now: while a dialog is open, most keys belong to the dialog."""
        state = self.context.state
        if state.overlays.open:
            return action in IN_DIALOGS
        return action in OVER_SCENE or not state.pictures.over_scene

    def _catch(self, name: str, place: str) -> bool:
        """Pass a press to the catcher of `KeyBindings`, if there is one. Returns whether it was consumed."""
        keys = self.context.state.keys
        if keys.catcher is None:
            return False
        catcher, held = keys.catcher
        if not held and name in MODIFIER_KEYS:
            return False
        keys.catcher = None
        catcher("" if name == "escape" else place if held else chord(name, self.keyboard.modifiers))
        return True

    def text(self, characters: str) -> None:
        """Handle typed text."""
        self.keyboard.text(characters)

    def mouse_moved(self, x: float, y: float, dx: float, dy: float) -> None:
        """Handle movement of the mouse, in points, y down."""
        state = self.context.state
        if state.looking:
            state.walker = walk.turn(state.walker, dx, dy, state.session.view.sensitivity)
        else:
            gui_input.mouse_moved(x, y)
            state.brush.move(x, y)
            if state.builder.press is not None:
                self._do("drag_builder", x, y)
        self.pointer = x, y

    def mouse_button(self, name: str, pressed: bool) -> None:
        """Handle a mouse button. name: left, right or middle.

        A click into the scene captures the mouse for looking around, or uses the brush or the building tool; with Ctrl it selects the
        surface's material.
        """
        state, brush, builder = self.context.state, self.context.state.brush, self.context.state.builder
        if name == "left" and not pressed:
            brush.release()
            self._do("release_builder")
        if pressed and name == "left" and "ctrl" in self.keyboard.modifiers and self._on_scene():
            self._do("select_surface", *self.pointer)
        elif pressed and name == "left" and builder.tool and self._on_scene():
            self._do("press_builder", *self.pointer, "shift" in self.keyboard.modifiers)
        elif pressed and name == "left" and brush.tool and self._on_scene():
            self._do("press_brush", *self.pointer)
        elif pressed and name in ("left", "right") and self._on_scene():
            state.looking = name
            self.context.platform.grab_mouse(True)
            gui_input.mouse_left()
        elif not pressed and name == state.looking == "right":
            self.context.release_mouse()
        else:
            gui_input.mouse_button(name, pressed)

    def _on_scene(self) -> bool:
        """Whether a click hits the scene."""
        state, (px, py) = self.context.state, self.pointer
        x, y, width, height = state.scene_box.box
        if state.looking or state.comparison is not None or self.context.panels.popup_open or state.overlays.open:
            return False
        return x <= px < x + width and y <= py < y + height and not gui_input.takes_mouse(px, py)

    def wheel(self, x: float, y: float) -> None:
        """Scroll a panel, or, over the scene, change the brush's size, the material to build with, or the speed."""
        state = self.context.state
        if not state.looking and gui_input.takes_mouse(*self.pointer):
            gui_input.wheel(x, y)
            return
        if state.brush.tool:
            state.brush.resize(1.15**y)
            return
        if state.builder.tool and not state.looking:
            self._do("turn_builder", y)
            return
        view = state.session.view
        state.session = replace(state.session, view=replace(view, speed=walk.change_speed(view.speed, y)))
        words = f"Speed {state.session.view.speed:.1f} blocks a second"
        state.overlays.toast(words, seconds=1.2, instead_of="Speed ")

    def focus(self, gained: bool) -> None:
        """Handle a gain or loss of the keyboard focus."""
        self.keyboard.focus(gained)
        if not gained:
            self._places.clear()
            self.context.release_mouse()

    def read_movement(self) -> walk.Movement:
        """Return the movement requested by pressed keys; none while a text field or a dialog is active."""
        state, speed = self.context.state, self.context.state.session.view.speed
        if gui_input.takes_keys() or "ctrl" in self.keyboard.modifiers or state.overlays.open:
            return walk.Movement(speed=speed)
        asked = {state.keys.bindings.get(key) for key in self._places}
        wish = walk.Movement(
            forward=("forward" in asked) - ("back" in asked) + self._axis("left_y"),
            right=("right" in asked) - ("left" in asked) + self._axis("left_x"),
            up=("up" in asked) - ("down" in asked) + self._axis("righttrigger") - self._axis("lefttrigger"),
            speed=speed,
            fast="fast" in asked,
        )
        self.walked |= bool(wish.forward or wish.right)
        return wish

    def turn(self, walker: walk.Walker, seconds: float) -> walk.Walker:
        """Turn the walker by a gamepad's right stick for some seconds."""
        right, up = self._axis("right_x"), self._axis("right_y")
        return walk.turn(walker, right * seconds, -up * seconds, TURN) if right or up else walker

    def _axis(self, name: str) -> float:
        """Return an axis as -1..1, finer near the centre, with a dead zone."""
        value = self.axes.get(name, 0.0)
        beyond = max(0.0, abs(value) - REST) / (1 - REST)
        return float(np.copysign(min(1.0, beyond) ** 1.5, value))
