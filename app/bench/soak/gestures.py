"""The random user's gestures: functions (random generator, window state) → events, with their relative frequencies."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from app.bench.soak.events import (
    Box,
    BringToFront,
    Button,
    Change,
    Do,
    Drop,
    Event,
    Focus,
    Key,
    Move,
    Resize,
    Text,
    Wait,
    Wheel,
    WindowState,
)
from app.state.brush import TOOLS
from app.state.keymap import ACTIONS, MODIFIERS
from scenes.load import BUILTIN

Random = np.random.Generator
Gesture = Callable[[Random, WindowState], Iterator[Event]]

EXCLUDED = {"quit", "full_screen"}  # the random user must not close the program, and shares the screen
PLAIN_ACTIONS = tuple(a.name for a in ACTIONS if not a.held and a.name not in EXCLUDED)
NAMED = ("enter", "tab", "escape", "backspace", "delete", "up_arrow", "down_arrow", "page_down", "f1", "f12", "space")
KEYS = (*string.ascii_lowercase, *string.digits, *NAMED)
LETTERS = "abc xyz 0123456789.,-é木"


def _within(random: Random, box: Box) -> tuple[float, float]:
    x, y, width, height = box
    return float(x + random.uniform(0, width)), float(y + random.uniform(0, height))


def _anywhere(random: Random, window: WindowState) -> tuple[float, float]:
    return _within(random, (0, 0, *window.size))


def _in_panels(random: Random, window: WindowState) -> tuple[float, float]:
    """Where the panels are."""
    left = window.box[0] + window.box[2]
    return _within(random, (left, 0, max(window.size[0] - left, 1), window.size[1]))


def _one(random: Random, choices: tuple) -> Any:  # type: ignore[type-arg]
    return choices[int(random.integers(len(choices)))]


def _yes(random: Random) -> bool:
    return bool(random.random() < 0.5)


def _drag(random: Random, button: str, box: Box) -> Iterator[Event]:
    yield Move(*_within(random, box))
    yield Button(button, True)
    for _ in range(int(random.integers(1, 8))):
        yield Move(*_within(random, box))
    yield Button(button, False)


def _click(place: tuple[float, float], button: str = "left") -> Iterator[Event]:
    yield Move(*place)
    yield Wait(1)  # an item counts as hovered only in the next frame
    yield Button(button, True)
    yield Button(button, False)


def _chord(*names: str) -> Iterator[Event]:
    for name in names:
        yield Key(name, True)
    for name in reversed(names):
        yield Key(name, False)


def walk(random: Random, window: WindowState) -> Iterator[Event]:
    name = _one(random, tuple("wwwasdeq"))
    yield Key(name, True)
    yield Wait(int(random.integers(5, 40)))
    yield Key(name, False)


def look(random: Random, window: WindowState) -> Iterator[Event]:
    yield from _drag(random, "right", window.box)


def rest(random: Random, window: WindowState) -> Iterator[Event]:
    """Wait long enough for something to be painted."""
    yield Wait(int(random.integers(60, 400)))


def click(random: Random, window: WindowState) -> Iterator[Event]:
    yield from _click(_anywhere(random, window), _one(random, ("left", "left", "right")))


def click_panel(random: Random, window: WindowState) -> Iterator[Event]:
    yield from _click(_in_panels(random, window))


def drag(random: Random, window: WindowState) -> Iterator[Event]:
    yield from _drag(random, _one(random, ("left", "left", "right", "middle")), (0, 0, *window.size))


def scroll(random: Random, window: WindowState) -> Iterator[Event]:
    yield Move(*_anywhere(random, window))
    yield Wheel(float(random.integers(-3, 4)))


def tap(random: Random, window: WindowState) -> Iterator[Event]:
    held = [f"left_{m}" for m in MODIFIERS[:3] if random.random() < 0.1]
    yield from _chord(*held, _one(random, KEYS))


def write(random: Random, window: WindowState) -> Iterator[Event]:
    """Click in the panels and type."""
    yield from _click(_in_panels(random, window))
    for _ in range(int(random.integers(1, 8))):
        yield Text(_one(random, tuple(LETTERS)))
    yield from _chord(_one(random, ("enter", "tab", "escape")))


def leave_window(random: Random, window: WindowState) -> Iterator[Event]:
    yield Focus(False)
    yield Wait(3)
    yield Focus(True)


def resize(random: Random, window: WindowState) -> Iterator[Event]:
    yield Resize((int(random.integers(480, 1100)), int(random.integers(320, 720))))


def switch_panel(random: Random, window: WindowState) -> Iterator[Event]:
    yield BringToFront(_one(random, window.panels))
    yield Wait(10)


def act(random: Random, window: WindowState) -> Iterator[Event]:
    yield Do(_one(random, PLAIN_ACTIONS))


def brush(random: Random, window: WindowState) -> Iterator[Event]:
    yield Do("brush", (_one(random, tuple(TOOLS)),))
    for _ in range(int(random.integers(1, 4))):
        yield from _drag(random, "left", window.box)
    yield Do("brush", ("",))


def undo(random: Random, window: WindowState) -> Iterator[Event]:
    back = int(random.integers(1, 6))
    for letter in "z" * back + "y" * int(random.integers(0, back + 1)):
        yield from _chord("left_ctrl", letter)
        yield Wait(2)


def build(random: Random, window: WindowState) -> Iterator[Event]:
    (x, z), (u, w) = (_within(random, (0, 0, *window.map)) for _ in range(2))
    value = int(random.integers(0, window.materials + 1))
    yield Do("edit_scene", (Change("paint_stroke", ((x, z), (u, w), int(random.integers(1, 5)), value)),))


def change_material(random: Random, window: WindowState) -> Iterator[Event]:
    """Give a material another prompt, colour or height."""
    index = int(random.integers(window.materials))
    shade = tuple(int(c) for c in random.integers(0, 256, 3))
    field = _one(
        random, (("prompt", f"tiles, number {shade[0]}"), ("display", shade), ("height", shade[1] / 100 + 0.5))
    )
    yield Do("edit_scene", (Change("change_material", (index,), (field,)),))


def _confirm() -> Iterator[Event]:
    """Confirm leaving this scene, once the other one is loaded."""
    yield Wait(60)
    yield Do("answer", (0,))


def drop(random: Random, window: WindowState) -> Iterator[Event]:
    yield Drop(_one(random, window.files))
    yield from _confirm()


def open_other_scene(random: Random, window: WindowState) -> Iterator[Event]:
    """Open a built-in scene or create a new one."""
    side = int(random.integers(4, 24))
    yield Do("open_scene", (_one(random, BUILTIN),)) if _yes(random) else Do("new_scene", (side, side))
    yield from _confirm()


def save(random: Random, window: WindowState) -> Iterator[Event]:
    yield Do("save_world")
    yield Wait(20)
    if _yes(random):
        yield Do("load_world")


def travel(random: Random, window: WindowState) -> Iterator[Event]:
    if window.path is not None and _yes(random):
        yield _one(random, (Do("play", (window.path,)), Do("film", (window.path, (320, 180), 12.0))))
    else:
        yield Do("autopilot", (0.9, _yes(random)))
    yield Wait(int(random.integers(20, 200)))
    yield Do("stop")


def dream_picture(random: Random, window: WindowState) -> Iterator[Event]:
    freeze = _yes(random)
    yield _one(
        random,
        (
            Do("splat", (freeze,)),
            Do("dream_picture", (0.6, freeze)),
            Do("inpaint", ("a door", 0.8, freeze)),
            Do("anagram", (("moss", "sand"), "rotate_180", _yes(random), freeze)),
        ),
    )
    yield Wait(100)


def compare(random: Random, window: WindowState) -> Iterator[Event]:
    yield Do("compare")
    yield Wait(int(random.integers(10, 300)))
    yield Do("keep_compared", (int(random.integers(2)),)) if _yes(random) else Do("stop_comparing")


GESTURES: Mapping[str, tuple[float, Gesture]] = {
    "walk": (10, walk),
    "look": (6, look),
    "rest": (9, rest),
    "click": (6, click),
    "click panel": (12, click_panel),
    "drag": (4, drag),
    "scroll": (6, scroll),
    "tap": (8, tap),
    "write": (4, write),
    "leave window": (1, leave_window),
    "resize": (1, resize),
    "switch panel": (8, switch_panel),
    "act": (6, act),
    "brush": (6, brush),
    "undo": (5, undo),
    "build": (4, build),
    "change material": (3, change_material),
    "drop": (2, drop),
    "open scene": (0.7, open_other_scene),
    "save": (1, save),
    "travel": (1.5, travel),
    "dream picture": (1.5, dream_picture),
    "compare": (1, compare),
}
