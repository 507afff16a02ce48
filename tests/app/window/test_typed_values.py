"""A number typed into a slider (Ctrl and a click) stays within its range."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from imgui_bundle import imgui

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


@pytest.fixture
def centres(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[float, float]]:
    """Where each slider was drawn last: its label → its middle."""
    found: dict[str, tuple[float, float]] = {}

    def watched(widget: Any) -> Any:
        def draw(label: str, *args: Any, **more: Any) -> Any:
            result = widget(label, *args, **more)
            low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
            found[label] = (low.x + high.x) / 2, (low.y + high.y) / 2
            return result

        return draw

    for name in ("slider_int", "drag_float"):
        monkeypatch.setattr(imgui, name, watched(getattr(imgui, name)))
    return found


def type_into(drive: Driver, place: tuple[float, float], text: str) -> None:
    drive.press("left_ctrl")
    drive.frames(2)
    drive.drag(place, place)
    drive.release("left_ctrl")
    drive.frames(2)
    for letter in text:
        drive.window.native.dispatch_event("on_text", letter)
        drive.frames(2)
    drive.tap("enter")
    drive.frames(3)


def test_a_step_beyond_the_last_is_the_last(drive: Driver, centres: dict[str, tuple[float, float]]) -> None:
    explorer = drive.explorer
    explorer.shell.bring_to_front("Timeline")
    drive.until(lambda: explorer.status == "this view is finished" and "##step" in centres, "a dream is shown")
    (panel,) = [panel for panel, _ in explorer.shell.panels if panel.title == "Timeline"]
    for typed, place in (("99", len(explorer.state.timeline.records[-1].pictures) - 1), ("-3", 0), ("2", 2)):
        type_into(drive, centres["##step"], typed)
        assert panel._place == place
    assert not drive.errors()


def test_no_keyframe_is_reached_in_no_time(drive: Driver, centres: dict[str, tuple[float, float]]) -> None:
    explorer = drive.explorer
    explorer.shell.bring_to_front("Camera")
    for step in (0.0, 0.5):
        x, y, z = explorer.state.walker.position
        explorer.state.walker = replace(explorer.state.walker, position=(x + step, y, z))
        drive.tap("k")
    drive.until(lambda: "##seconds" in centres, "the path is shown")
    for typed, seconds in (("0", 0.5), ("-7", 0.5), ("9999", 600.0), ("3", 3.0)):
        type_into(drive, centres["##seconds"], typed)
        assert explorer.state.route.seconds[0] == pytest.approx(seconds)
    assert not drive.errors()
