"""Further prompts are typed on one line of the Sampler panel, with bars between them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from imgui_bundle import imgui

from app.panels import sampler

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def test_a_line_becomes_prompts_with_weights(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    field, places = imgui.input_text_with_hint, {}

    def watched(label: str, *args: Any) -> Any:
        result = field(label, *args)
        low, high = imgui.get_item_rect_min(), imgui.get_item_rect_max()
        places[label] = (low.x + high.x) / 2, (low.y + high.y) / 2
        return result

    monkeypatch.setattr(imgui, "input_text_with_hint", watched)
    monkeypatch.setattr(
        sampler, "sections", lambda: {"Guidance": ("further",)}
    )  # so that nothing has to be scrolled to
    explorer = drive.explorer
    dream = replace(explorer.state.session.dream, steps=8, further=())
    explorer.state.session = replace(explorer.state.session, dream=dream)
    explorer.shell.bring_to_front("Sampler")
    drive.until(lambda: "##further" in places, "the field is shown")
    drive.frames(5)
    drive.drag(places["##further"], places["##further"])
    for letter in "moss:0.5 | rust:-1|":
        drive.window.native.dispatch_event("on_text", letter)
        drive.frames(2)
    drive.tap("enter")
    drive.frames(3)
    assert explorer.state.session.dream.further == ("moss:0.5", "rust:-1")
    assert not drive.errors()
