"""A seeded monkey at the real window: whatever it presses, drags, scrolls and resizes, nothing fails and GL has no complaint."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.explorer.window import SYMBOLS

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver

EVENTS = 200
# The monkey may not leave, and has no clipboard to itself.
FORBIDDEN = {"f11", "left_super", "right_super", "menu"}


@pytest.mark.parametrize("seed", [1])
def test_monkey(drive: Driver, seed: int) -> None:
    random = np.random.default_rng(seed)
    names = sorted(set(SYMBOLS.values()) - FORBIDDEN)
    native, explorer = drive.window.native, drive.explorer
    drive.window.close = lambda: None
    assert drive.window.ctx.error == "GL_NO_ERROR"
    for _ in range(EVENTS):
        width, height = drive.window.size
        x, y = int(random.integers(0, width)), int(random.integers(0, height))
        match random.choice(
            ["key", "mouse", "drag", "scroll", "text", "frame", "focus", "size"],
            p=[0.3, 0.2, 0.18, 0.1, 0.05, 0.1, 0.05, 0.02],
        ):
            case "key":
                name = str(random.choice(names))
                drive.press(name)
                drive.frames(1)
                drive.release(name)
            case "mouse":
                drive.mouse(x, y)
            case "drag":
                drive.drag(
                    (x, y),
                    (int(random.integers(0, width)), int(random.integers(0, height))),
                    int(random.choice([1, 4])),
                )
            case "scroll":
                native.dispatch_event("on_mouse_scroll", x, y, 0.0, float(random.integers(-3, 4)))
            case "text":
                native.dispatch_event("on_text", str(random.choice(list("ab 7é.-"))))
            case "focus":
                native.dispatch_event("on_deactivate")
                native.dispatch_event("on_activate")
            case "size":
                drive.window.wnd.size = int(random.integers(200, 1100)), int(random.integers(150, 700))
        drive.frames(1)
        error = drive.window.ctx.error
        assert error == "GL_NO_ERROR", error
    failures = [entry for entry in explorer.log.entries if entry.details]
    assert not failures, failures[0].details
