"""The Volume panel in a real window: the live figures come by themselves, and nothing that stays is called drift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.panels.volume import VolumePanel

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def test_the_view_is_measured_only_while_the_panel_is_visible(drive: Driver) -> None:
    explorer = drive.explorer
    panel = next(panel for panel, _ in explorer.shell.panels if isinstance(panel, VolumePanel))
    drive.until(lambda: explorer.status == "this view is finished", "the view is painted")
    drive.frames(60)
    assert not panel.meter.readings
    explorer.shell.bring_to_front("Volume")
    drive.until(lambda: len(panel.meter.readings) > 0, "it is measured")
    assert panel.meter.readings[-1].finished > 0.9
    explorer.do("erase_material", 0)
    drive.until(lambda: explorer.status == "this view is finished", "the floor is painted anew")
    drive.until(lambda: panel.meter.readings[-1].finished > 0.9 and len(panel.meter.readings) > 1, "measured again")
    last = panel.meter.readings[-1]
    assert last.changed == 0 and 0 < last.kept < 1 and last.calls == explorer.state.open_scene.painter.client.calls
    assert not drive.errors()
