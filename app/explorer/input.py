"""The hands: keys, mouse and wheel, sent to the panels, to the walk, or to an action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from app.actions.paint import ready
from app.gui import input as hands
from app.moving import walk
from app.state.keymap import BY_NAME, MODIFIER_KEYS, Changes, bindings, chord

if TYPE_CHECKING:
    from app.explorer.explorer import Explorer


THROUGH = {"escape", "help", "palette", "screenshot", "full_screen", "quit"}  # heard in dialogs, too
REST = 0.15  # of a stick's way, around its middle
TURN = 120.0  # degrees a second at a stick's end


class Controls:
    """Events by name from any window. looking: the button that turns the camera: "left" until Esc, "right" while held."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer = explorer
        self.keyboard = hands.Keyboard()
        self.changes: Changes = {}
        self.bindings = bindings()
        self._catcher: tuple[Callable[[str], None], bool] | None = None
        self.looking = ""
        self.pointer = 0.0, 0.0  # points
        self._places: set[str] = set()  # keys that are down, by where they lie on a QWERTY keyboard
        self.axes: dict[str, float] = {}  # of gamepads: left_x … right_y -1..1, lefttrigger, righttrigger 0..1
        self.walked = False  # whether the walker was ever moved by hand

    def rebind(self, changes: Changes) -> None:
        """Keys as the user changed them; see `app.state.keymap.chords`."""
        self.changes, self.bindings = changes, bindings(changes)

    def catch(self, catcher: Callable[[str], None] | None, held: bool = False) -> None:
        """Give the next chord to `catcher` instead of doing what it means; "" when Esc was pressed. held: a single key, by place."""
        self._catcher = (catcher, held) if catcher else None

    def key(self, name: str, pressed: bool, place: str = "") -> None:
        """A key by its name in `app.state.keymap`. Releases always reach everyone; presses run actions unless somebody types.

        place: the name of the key that lies there on a QWERTY keyboard: one walks by place (ZQSD on AZERTY), all else goes
        by what is written on the key.
        """
        if pressed and self._catcher and self._caught(name, place or name):
            return
        typing = hands.takes_keys()
        (self._places.add if pressed else self._places.discard)(place or name)
        self.keyboard.key(name, pressed)
        if pressed and (name == "escape" or not typing or (name[0] == "f" and name[1:].isdigit())):
            action = self.bindings.get(chord(name, self.keyboard.modifiers))
            if action is not None and not BY_NAME[action].held and self._heard(action):
                self.explorer.do(action)

    def _heard(self, action: str) -> bool:
        """Whether an action is meant for the program: while a dialog is open, most keys aren't."""
        return action in THROUGH or not self.explorer.shell.overlays.open

    def _caught(self, name: str, place: str) -> bool:
        """Whether this press was for the catcher, and no longer for anybody else."""
        assert self._catcher is not None
        catcher, held = self._catcher
        if not held and name in MODIFIER_KEYS:
            return False
        self._catcher = None
        catcher("" if name == "escape" else place if held else chord(name, self.keyboard.modifiers))
        return True

    def text(self, characters: str) -> None:
        self.keyboard.text(characters)

    def mouse_moved(self, x: float, y: float, dx: float, dy: float) -> None:
        """In points, y down."""
        explorer = self.explorer
        if self.looking:
            explorer.walker = walk.turn(explorer.walker, dx, dy, explorer.session.view.sensitivity)
        else:
            hands.mouse_moved(x, y)
            explorer.brush.move(x, y)
        self.pointer = x, y

    def mouse_button(self, name: str, pressed: bool) -> None:
        """name: left, right or middle. A click into the scene takes the mouse for looking, or lays the brush on if there is one."""
        brush = self.explorer.brush
        if name == "left" and not pressed:
            brush.release()
        if pressed and name == "left" and brush.tool and self._on_scene():
            if ready(self.explorer):
                brush.press(*self.pointer)
        elif pressed and name in ("left", "right") and self._on_scene():
            self.looking = name
            self.explorer.platform.grab_mouse(True)
            hands.mouse_left()
        elif not pressed and name == self.looking == "right":
            self.release_mouse()
        else:
            hands.mouse_button(name, pressed)

    def _on_scene(self) -> bool:
        """Whether a click means the scene. ImGui knows what lies over it, but only of the last frame."""
        explorer, (px, py) = self.explorer, self.pointer
        x, y, width, height = explorer.shell.scene_box
        if self.looking or explorer.comparison is not None or explorer.shell.popup_open or explorer.shell.overlays.open:
            return False
        return x <= px < x + width and y <= py < y + height and not hands.takes_mouse()

    def wheel(self, x: float, y: float) -> None:
        """Scrolls what is under the pointer: a panel, or, over the scene, the brush's size or the speed."""
        if hands.takes_mouse() and not self.looking:
            hands.wheel(x, y)
            return
        explorer = self.explorer
        if explorer.brush.tool:
            explorer.brush.resize(1.15**y)
            return
        view = explorer.session.view
        explorer.session = replace(explorer.session, view=replace(view, speed=walk.change_speed(view.speed, y)))
        overlays = explorer.shell.overlays
        overlays.toasts = [t for t in overlays.toasts if not t[0].startswith("Speed")]
        overlays.toast(f"Speed {explorer.session.view.speed:.1f} blocks a second", seconds=1.2)

    def focus(self, gained: bool) -> None:
        self.keyboard.focus(gained)
        if not gained:
            self._places.clear()
            self.release_mouse()

    def release_mouse(self) -> None:
        self.looking = ""
        self.explorer.platform.grab_mouse(False)

    def wish(self) -> walk.Wish:
        """What the keys that are down ask the walker for; nothing while somebody types or a dialog is open."""
        speed = self.explorer.session.view.speed
        if hands.takes_keys() or "ctrl" in self.keyboard.modifiers or self.explorer.shell.overlays.open:
            return walk.Wish(speed=speed)
        asked = {self.bindings.get(key) for key in self._places}
        wish = walk.Wish(
            forward=("forward" in asked) - ("back" in asked) + self._axis("left_y"),
            right=("right" in asked) - ("left" in asked) + self._axis("left_x"),
            up=("up" in asked) - ("down" in asked) + self._axis("righttrigger") - self._axis("lefttrigger"),
            speed=speed,
            fast="fast" in asked,
        )
        self.walked |= bool(wish.forward or wish.right)
        return wish

    def turned(self, walker: walk.Walker, seconds: float) -> walk.Walker:
        """The walker after looking around with a gamepad's right stick for so long."""
        right, up = self._axis("right_x"), self._axis("right_y")
        return walk.turn(walker, right * seconds, -up * seconds, TURN) if right or up else walker

    def _axis(self, name: str) -> float:
        """-1..1; a stick that nobody touches rests near 0, which counts as 0. Finer near the middle."""
        value = self.axes.get(name, 0.0)
        beyond = max(0.0, abs(value) - REST) / (1 - REST)
        return float(np.copysign(min(1.0, beyond) ** 1.5, value))
