"""Commands that would do nothing are grey in the menus and in the palette, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from imgui_bundle import imgui

from app.actions.availability import IDLE, why_not
from app.state.keymap import BY_NAME

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


@pytest.mark.parametrize("name", ["stop", "stop_export"])
def test_what_would_do_nothing_is_grey_and_says_why(drive: Driver, monkeypatch, name: str) -> None:
    explorer, said = drive.explorer, []
    monkeypatch.setattr("app.panels.palette.imgui.text_disabled", said.append)
    explorer.do("palette")
    drive.frames(3)
    for letter in BY_NAME[name].title:
        drive.window.native.dispatch_event("on_text", letter)
        drive.frames(2)
    drive.tap("enter")
    assert explorer.state.overlays.palette, "it does not run"
    assert said[-1] == IDLE[name][0] == why_not(explorer.context, name)
    monkeypatch.setattr("app.actions.availability.IDLE", {})
    drive.tap("enter")
    assert not explorer.state.overlays.palette


def test_the_camera_can_be_stopped_while_it_moves_by_itself(drive: Driver) -> None:
    context = drive.explorer.context
    assert why_not(context, "stop") and not why_not(context, "fly")
    drive.explorer.do("autopilot")
    assert not why_not(context, "stop")
    drive.explorer.do("stop")
    assert why_not(context, "stop")


def test_the_menu_greys_what_would_do_nothing(drive: Driver, monkeypatch) -> None:
    places, drawn = {}, {}
    begin, item = imgui.begin_menu, imgui.menu_item_simple

    def begin_menu(label: str, *enabled: bool) -> bool:
        opened, low = begin(label, *enabled), imgui.get_item_rect_min()
        places[label] = low.x + 8, low.y + 8
        return opened

    def menu_item(label: str, keys: str = "", selected: bool = False, enabled: bool = True) -> bool:
        drawn[label] = enabled
        return item(label, keys, selected, enabled)

    monkeypatch.setattr("app.panels.menu.imgui.begin_menu", begin_menu)
    monkeypatch.setattr("app.panels.menu.imgui.menu_item_simple", menu_item)
    drive.frames(2)
    drive.drag(places["File"], places["File"])
    drive.frames(2)
    assert drawn["Stop the export"] is False and drawn["Save world"] is True and not drive.errors()
