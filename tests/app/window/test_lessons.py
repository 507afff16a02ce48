"""The guided tour in a real window: stations set the panels up, and their questions are answered by measurement."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from app.panels.lessons import LessonsPanel
from app.panels.network import NetworkPanel
from app.panels.timeline import TimelinePanel
from app.state.timeline import Timeline
from diffusion.lessons.stations import STATIONS

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def panel(drive: Driver, kind: type):
    return next(p for p, _ in drive.explorer.shell.panels if isinstance(p, kind))


def rested(drive: Driver) -> None:
    drive.until(lambda: drive.explorer.status == "this view is finished", "the view gets painted")


def measured(drive: Driver, lessons: LessonsPanel, what: str) -> None:
    """Press the button that checks, as a click would."""
    lessons._waiting, lessons._answer = True, None
    if lessons.station.name == "memory":
        drive.explorer.do("compare_noted")
    drive.until(lambda: lessons.answer is not None, what)


def test_where_the_view_is_painted_already_the_tour_offers_to_paint_it_again(drive: Driver, monkeypatch) -> None:
    rested(drive)
    monkeypatch.setattr("app.panels.lessons.imgui.button", lambda label, *size: "Repaint this view" in label)
    drive.explorer.state.timeline = Timeline()
    drive.tap("f2")
    drive.until(lambda: any(r.image is not None for r in drive.explorer.state.timeline.records), "it is dreamed again")


def test_a_click_hits_what_is_under_the_pointer_though_no_frame_came_between(drive: Driver) -> None:
    from imgui_bundle import imgui

    explorer, controls = drive.explorer, drive.explorer.controls
    explorer.do("tour")
    drive.frames(3)
    corner, box = imgui.internal.find_window_by_name("Lessons").pos, explorer.shell.scene_box
    scene, lessons = (box[0] + box[2] - 40, box[1] + 60), (corner.x + 60, corner.y + 120)
    for before, there, looking in ((scene, lessons, ""), (lessons, scene, "left")):
        drive.mouse(*before)
        drive.frames(2)
        controls.mouse_moved(*there, 0, 0)
        controls.mouse_button("left", True)
        assert explorer.state.looking == looking
        controls.mouse_button("left", False)
        drive.frames(2)


def test_while_painting_is_paused_the_tour_says_how_to_begin(drive: Driver, monkeypatch) -> None:
    explorer, said = drive.explorer, []
    monkeypatch.setattr("app.panels.lessons.faint", said.append)
    drive.worker.held = True
    explorer.state.timeline = Timeline()
    drive.tap("f2")
    drive.frames(3)
    assert said[-1].endswith("Stand still until this view is painted.")
    explorer.do("pause")
    drive.frames(3)
    assert said[-1].endswith("Painting is paused: press Resume in the Preview panel.")


def test_every_station_sets_up_asks_and_is_answered(drive: Driver) -> None:
    explorer, lessons = drive.explorer, panel(drive, LessonsPanel)
    drive.worker.held = True
    explorer.state.timeline = Timeline()
    drive.tap("tab")
    explorer.do("show_gallery")
    drive.frames(3)
    assert explorer.state.pictures.gallery.watched_at == explorer.state.clock(), "the Gallery is in front"
    explorer.state.watched_at = -math.inf
    drive.tap("f2")
    assert explorer.state.overlays.tour and explorer.state.watched_at > -math.inf, "steps are recorded for the tour"
    drive.frames(3)
    assert explorer.state.tour.setting is None, "without a dream there is nothing to set up"
    drive.worker.held = False
    explorer.do("dream")
    drive.until(lambda: explorer.state.tour.setting is not None, "the first station is set up")
    rested(drive)
    answers = {}
    for number, station in enumerate(STATIONS):
        lessons.visit(number)
        drive.frames(3)
        assert explorer.state.tour.setting == station.setting
        if station.name == "memory":
            drive.until(lambda: explorer.state.tour.noted is not None, "the view is noted")
        measured(drive, lessons, station.name)
        answers[station.name] = lessons.answer
        drive.frames(1)
    assert not drive.errors()
    assert answers["skips"].choice == 0 and "20% of the large shapes" in answers["skips"].text
    assert answers["levels"].choice == 3
    assert answers["memory"].choice == 0 and answers["memory"].text.startswith("0 of ")
    assert panel(drive, TimelinePanel)._shows == "Picture" and panel(drive, NetworkPanel)._shows == "Blocks"
    drive.tap("f2")
    assert not explorer.state.overlays.tour


def test_a_network_that_cannot_be_measured_is_asked_once(drive: Driver) -> None:
    explorer, lessons = drive.explorer, panel(drive, LessonsPanel)
    rested(drive)
    explorer.do("tour")
    drive.worker.problem = "There is no memory for this."
    lessons.visit([station.name for station in STATIONS].index("skips"))
    drive.frames(6)
    inspected = drive.worker.inspected
    lessons._waiting = True
    drive.frames(20)
    assert drive.worker.inspected == inspected + 1 and not lessons._waiting and lessons.answer is None
    drive.worker.problem = ""
    measured(drive, lessons, "it is measured")
    assert lessons.answer.choice == 0


def test_a_noted_view_of_another_size_ends_the_measurement(drive: Driver) -> None:
    explorer, lessons = drive.explorer, panel(drive, LessonsPanel)
    rested(drive)
    explorer.do("tour")
    lessons.visit([station.name for station in STATIONS].index("memory"))
    drive.until(lambda: explorer.state.tour.noted is not None, "the view is noted")
    noted = explorer.state.tour.noted
    gathered = replace(noted.gathered, latents=noted.gathered.latents[:, 1:])
    explorer.state.tour.noted = replace(noted, gathered=gathered)
    measured(drive, lessons, "the measurement ends")
    assert lessons.answer.choice is None
    assert any("another size" in entry.text for entry in explorer.state.log.entries)


def test_paint_that_changed_between_two_visits_is_counted(drive: Driver) -> None:
    explorer, lessons = drive.explorer, panel(drive, LessonsPanel)
    rested(drive)
    explorer.do("tour")
    lessons.visit([station.name for station in STATIONS].index("memory"))
    drive.until(lambda: explorer.state.tour.noted is not None, "the view is noted")
    explorer.do("pause")
    explorer.do("erase_view")
    drive.until(lambda: not explorer.services.strokes.busy, "the paint is erased")
    measured(drive, lessons, "the views are compared")
    changed, finished = explorer.state.tour.counted  # what is noted reaches beyond the view
    assert lessons.answer.choice == 2 and finished > changed > finished / 2
    assert not drive.errors()
