"""A setting becomes a curve in the Sampler panel, its points follow the mouse, and undo takes both back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from imgui_bundle import imgui, implot

from app.panels import form, sampler, step_curve
from base.step_schedule import StepSchedule

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver

Place = tuple[float, float]


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> dict[str, Place]:
    """Where the button beside the number 5 was drawn last ("curve"), and the points of the curve ("0", "1")."""
    found: dict[str, Place] = {}
    draw, point = step_curve.draw_scheduled, implot.drag_point

    def watch_draw(value: Any, *args: Any) -> Any:
        result = draw(value, *args)
        if value == 5.0:  # its button was drawn last
            low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
            found["curve"] = (low.x + high.x) / 2, (low.y + high.y) / 2
        return result

    def watch_point(number: int, x: float, y: float, *args: Any) -> Any:
        pixel = implot.plot_to_pixels(x, y)
        found[str(number)] = pixel.x, pixel.y
        return point(number, x, y, *args)

    monkeypatch.setattr(form, "draw_scheduled", watch_draw)
    monkeypatch.setattr(sampler, "sections", lambda: {"Guidance": ("scale",)})  # so that nothing has to be scrolled to
    monkeypatch.setattr(implot, "drag_point", watch_point)
    return found


def test_a_number_becomes_a_curve_and_a_point_is_dragged(drive: Driver, places: dict[str, Place]) -> None:
    explorer = drive.explorer
    dream = replace(explorer.state.session.dream, steps=8, scale=5.0, guidance="cfg")
    explorer.state.session = replace(explorer.state.session, dream=dream)
    explorer.shell.bring_to_front("Sampler")
    drive.until(lambda: "curve" in places, "the button is shown")
    drive.frames(20)

    def scale() -> Any:
        return explorer.state.session.dream.scale

    drive.drag(places["curve"], places["curve"])
    drive.until(lambda: scale() == StepSchedule(((0.0, 5.0), (1.0, 5.0))), "the number is a curve")
    drive.until(lambda: "1" in places, "its points are shown")
    x, y = places["1"]
    drive.drag((x, y), (x - 20, y - 10))
    moved = scale()
    assert moved.points[0] == (0.0, 5.0) and moved.points[1][0] < 1.0 and moved.points[1][1] > 5.0
    assert not drive.errors()
