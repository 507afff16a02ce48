"""What the monkey can do, each with its share: functions of a generator and of what is seen, to events."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from app.bench.soak.events import (
    Box,
    Button,
    Change,
    Do,
    Drop,
    Event,
    Focus,
    Front,
    Key,
    Move,
    Resize,
    Sight,
    Text,
    Wait,
    Wheel,
)
from app.state.brush import TOOLS
from app.state.keymap import ACTIONS, MODIFIERS
from scenes.load import BUILTIN

Random = np.random.Generator
Gesture = Callable[[Random, Sight], Iterator[Event]]

SHUT = {"quit", "full_screen"}  # the monkey may not leave, and has no screen to itself
PLAIN = tuple(a.name for a in ACTIONS if not a.held and a.name not in SHUT)
NAMED = ("enter", "tab", "escape", "backspace", "delete", "up_arrow", "down_arrow", "page_down", "f1", "f12", "space")
KEYS = (*string.ascii_lowercase, *string.digits, *NAMED)
LETTERS = "abc xyz 0123456789.,-é木"


def _within(random: Random, box: Box) -> tuple[float, float]:
    x, y, width, height = box
    return float(x + random.uniform(0, width)), float(y + random.uniform(0, height))


def _anywhere(random: Random, sight: Sight) -> tuple[float, float]:
    return _within(random, (0, 0, *sight.size))


def _beside(random: Random, sight: Sight) -> tuple[float, float]:
    """Where the panels are."""
    left = sight.box[0] + sight.box[2]
    return _within(random, (left, 0, max(sight.size[0] - left, 1), sight.size[1]))


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
    yield Wait(1)  # a hovered item is known a frame later
    yield Button(button, True)
    yield Button(button, False)


def _chord(*names: str) -> Iterator[Event]:
    for name in names:
        yield Key(name, True)
    for name in reversed(names):
        yield Key(name, False)


def walk(random: Random, sight: Sight) -> Iterator[Event]:
    name = _one(random, tuple("wwwasdeq"))
    yield Key(name, True)
    yield Wait(int(random.integers(5, 40)))
    yield Key(name, False)


def look(random: Random, sight: Sight) -> Iterator[Event]:
    yield from _drag(random, "right", sight.box)


def rest(random: Random, sight: Sight) -> Iterator[Event]:
    """Long enough that something is painted."""
    yield Wait(int(random.integers(60, 400)))


def click(random: Random, sight: Sight) -> Iterator[Event]:
    yield from _click(_anywhere(random, sight), _one(random, ("left", "left", "right")))


def press_panel(random: Random, sight: Sight) -> Iterator[Event]:
    yield from _click(_beside(random, sight))


def drag(random: Random, sight: Sight) -> Iterator[Event]:
    yield from _drag(random, _one(random, ("left", "left", "right", "middle")), (0, 0, *sight.size))


def scroll(random: Random, sight: Sight) -> Iterator[Event]:
    yield Move(*_anywhere(random, sight))
    yield Wheel(float(random.integers(-3, 4)))


def tap(random: Random, sight: Sight) -> Iterator[Event]:
    held = [f"left_{m}" for m in MODIFIERS[:3] if random.random() < 0.1]
    yield from _chord(*held, _one(random, KEYS))


def write(random: Random, sight: Sight) -> Iterator[Event]:
    """Into whatever is there."""
    yield from _click(_beside(random, sight))
    for _ in range(int(random.integers(1, 8))):
        yield Text(_one(random, tuple(LETTERS)))
    yield from _chord(_one(random, ("enter", "tab", "escape")))


def leave_window(random: Random, sight: Sight) -> Iterator[Event]:
    yield Focus(False)
    yield Wait(3)
    yield Focus(True)


def resize(random: Random, sight: Sight) -> Iterator[Event]:
    yield Resize((int(random.integers(480, 1100)), int(random.integers(320, 720))))


def turn_page(random: Random, sight: Sight) -> Iterator[Event]:
    yield Front(_one(random, sight.panels))
    yield Wait(10)


def act(random: Random, sight: Sight) -> Iterator[Event]:
    yield Do(_one(random, PLAIN))


def brush(random: Random, sight: Sight) -> Iterator[Event]:
    yield Do("brush", (_one(random, tuple(TOOLS)),))
    for _ in range(int(random.integers(1, 4))):
        yield from _drag(random, "left", sight.box)
    yield Do("brush", ("",))


def undo(random: Random, sight: Sight) -> Iterator[Event]:
    back = int(random.integers(1, 6))
    for letter in "z" * back + "y" * int(random.integers(0, back + 1)):
        yield from _chord("left_ctrl", letter)
        yield Wait(2)


def build(random: Random, sight: Sight) -> Iterator[Event]:
    (x, z), (u, w) = (_within(random, (0, 0, *sight.map)) for _ in range(2))
    value = int(random.integers(0, sight.materials + 1))
    yield Do("edit_scene", (Change("paint_stroke", ((x, z), (u, w), int(random.integers(1, 5)), value)),))


def furnish(random: Random, sight: Sight) -> Iterator[Event]:
    """Other words, colours and heights."""
    index = int(random.integers(sight.materials))
    shade = tuple(int(c) for c in random.integers(0, 256, 3))
    field = _one(
        random, (("prompt", f"tiles, number {shade[0]}"), ("display", shade), ("height", shade[1] / 100 + 0.5))
    )
    yield Do("edit_scene", (Change("change_material", (index,), (field,)),))


def _agree() -> Iterator[Event]:
    """To leaving this scene, once the other one is read."""
    yield Wait(60)
    yield Do("answer", (0,))


def drop(random: Random, sight: Sight) -> Iterator[Event]:
    yield Drop(_one(random, sight.bag))
    yield from _agree()


def move_house(random: Random, sight: Sight) -> Iterator[Event]:
    """Another scene."""
    side = int(random.integers(4, 24))
    yield Do("open_scene", (_one(random, BUILTIN),)) if _yes(random) else Do("new_scene", (side, side))
    yield from _agree()


def keep(random: Random, sight: Sight) -> Iterator[Event]:
    yield Do("save_world")
    yield Wait(20)
    if _yes(random):
        yield Do("load_world")


def travel(random: Random, sight: Sight) -> Iterator[Event]:
    if sight.path is not None and _yes(random):
        yield _one(random, (Do("play", (sight.path,)), Do("film", (sight.path, (320, 180), 12.0))))
    else:
        yield Do("autopilot", (0.9, _yes(random)))
    yield Wait(int(random.integers(20, 200)))
    yield Do("stop")


def lay_picture(random: Random, sight: Sight) -> Iterator[Event]:
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


def compare(random: Random, sight: Sight) -> Iterator[Event]:
    yield Do("compare")
    yield Wait(int(random.integers(10, 300)))
    yield Do("keep_compared", (int(random.integers(2)),)) if _yes(random) else Do("stop_comparing")


GESTURES: Mapping[str, tuple[float, Gesture]] = {
    "walk": (10, walk),
    "look": (6, look),
    "rest": (9, rest),
    "click": (6, click),
    "press panel": (12, press_panel),
    "drag": (4, drag),
    "scroll": (6, scroll),
    "tap": (8, tap),
    "write": (4, write),
    "leave window": (1, leave_window),
    "resize": (1, resize),
    "turn page": (8, turn_page),
    "act": (6, act),
    "brush": (6, brush),
    "undo": (5, undo),
    "build": (4, build),
    "furnish": (3, furnish),
    "drop": (2, drop),
    "move house": (0.7, move_house),
    "keep": (1, keep),
    "travel": (1.5, travel),
    "lay picture": (1.5, lay_picture),
    "compare": (1, compare),
}
