"""A gamepad at the real window: pyglet's own controller class on a device that is made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from app.explorer.gamepads import BUTTONS
from app.state.keymap import bindings, rebind

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


class Device:
    """What `pyglet.input.Controller` asks of a device."""

    name, opened = "made up", False

    def get_controls(self) -> list[Any]:
        return []

    def open(self, *_: object) -> None:
        self.opened = True


@pytest.fixture
def pad(drive: Driver) -> Any:
    from pyglet.input import Controller

    controller = Controller(Device(), {"name": "made up", "guid": "0"})
    drive.window.gamepads.connect(controller)
    assert controller.device.opened
    return controller


def move(pad: Any, stick: str, x: float, y: float) -> None:
    from pyglet.math import Vec2

    pad.dispatch_event("on_stick_motion", pad, stick, Vec2(x, y))


def test_the_left_stick_walks_as_far_as_it_is_pushed(drive: Driver, pad: Any) -> None:
    explorer, ways = drive.explorer, []
    for push in (0.1, 0.5, 1.0):
        before = explorer.state.camera
        move(pad, "leftstick", 0.0, push)
        drive.frames(25)
        move(pad, "leftstick", 0.0, 0.0)
        drive.frames(50)
        way = np.subtract(explorer.state.camera.position, before.position)
        ways.append(way @ before.axes[2])
    assert ways[0] == 0  # at rest
    assert 0 < ways[1] < 0.6 * ways[2]


def test_the_right_stick_looks_and_triggers_rise_and_sink(drive: Driver, pad: Any) -> None:
    explorer = drive.explorer
    yaw, pitch, height = explorer.state.walker.yaw, explorer.state.walker.pitch, explorer.state.walker.position[1]
    move(pad, "rightstick", 1.0, 0.0)
    drive.frames(25)
    move(pad, "rightstick", 0.0, -1.0)
    drive.frames(10)
    move(pad, "rightstick", 0.0, 0.0)
    assert (yaw - explorer.state.walker.yaw) % 360 == pytest.approx(60, abs=4)
    assert explorer.state.walker.pitch < pitch - 15
    pad.dispatch_event("on_trigger_motion", pad, "righttrigger", 1.0)
    drive.frames(20)
    assert explorer.state.walker.position[1] > height + 0.5
    pad.dispatch_event("on_trigger_motion", pad, "righttrigger", 0.0)
    pad.dispatch_event("on_trigger_motion", pad, "lefttrigger", 1.0)
    drive.frames(40)
    assert explorer.state.walker.position[1] < height


def test_buttons_are_keys_that_can_be_changed(drive: Driver, pad: Any) -> None:
    from pyglet.math import Vec2

    explorer = drive.explorer
    pad.dispatch_event("on_button_press", pad, "start")
    pad.dispatch_event("on_button_release", pad, "start")
    assert not explorer.shell.shown
    pad.dispatch_event("on_dpad_motion", pad, Vec2(1, 0))
    assert explorer.state.session.view.mode == "steps"
    pad.dispatch_event("on_dpad_motion", pad, Vec2(0, 0))
    explorer.do("set_keys", rebind(explorer.state.keys.changes, "keyframe", "", "pad_start"))
    pad.dispatch_event("on_button_press", pad, "start")
    assert len(explorer.state.route.cameras) == 1


def test_unplugging_a_pad_releases_its_buttons(drive: Driver, pad: Any) -> None:
    pad.dispatch_event("on_button_press", pad, "leftstick")
    pad.dispatch_event("on_button_press", pad, "a")
    move(pad, "leftstick", 0.0, 1.0)
    drive.frames(2)
    wish = drive.explorer.controls.read_movement()
    assert wish.fast and wish.up == 1 and wish.forward == 1
    drive.window.gamepads.disconnect(pad)
    wish = drive.explorer.controls.read_movement()
    assert not wish.fast and not wish.up and not wish.forward
    move(pad, "leftstick", 0.0, 1.0)
    assert not drive.explorer.controls.read_movement().forward


def test_polling_finds_no_gamepad_and_harms_nothing(drive: Driver) -> None:
    drive.window.poll_gamepads()
    drive.frames(2)
    assert not drive.errors()


def test_every_button_of_pyglet_has_a_name() -> None:
    from pyglet.input import Controller

    names = {k for k, v in vars(Controller(Device(), {"name": "", "guid": ""})).items() if v is False}
    assert names == set(BUTTONS)
    assert "pad_a" in bindings()
