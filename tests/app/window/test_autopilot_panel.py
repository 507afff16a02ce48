"""The autopilot on the real window: it paints the scene by itself while frames go on; its plan, its pace, and how it is stopped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.loop.paint_survey import survey
from app.panels.autopilot import duration, pyramid
from scenes import edit
from scenes.camera import Camera
from scenes.scene import SKY
from scenes.tours import generate_paths

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


@pytest.fixture
def ready(drive: Driver) -> Driver:
    """The courtyard with its camera paths; only the autopilot dreams."""
    explorer = drive.explorer
    explorer.do("pause")
    open_scene = explorer.state.open_scene
    open_scene.reword(replace(open_scene.scene, paths=generate_paths(open_scene.plan.blocks)))
    explorer.shell.bring_to_front("Autopilot")
    drive.frames(4)
    return drive


def painted(drive: Driver) -> float:
    """The painted share of the surfaces: views don't paint the sky."""
    found = survey(drive.explorer.state.open_scene.volume)
    done, all_texels = (sum(n for m, n in counts.items() if m != SKY) for counts in (found.painted, found.texels))
    return done / all_texels


def test_it_paints_what_the_views_show_and_lands(ready: Driver) -> None:
    explorer = ready.explorer
    before = painted(ready)
    explorer.do("autopilot", 0.9, True)
    flight = explorer.state.travel.flight
    ready.until(lambda: flight.measured > 2, "it looks around")
    assert flight.coverage == 0.0 and flight.seconds_left is None
    ready.until(lambda: flight.current is not None, "it has chosen a view")
    assert flight.current is flight.pilot.plan[0] or flight.current.gain == flight.pilot.plan[0].gain
    ready.worker.held, target = True, flight.current.camera
    ready.until(
        lambda: np.allclose(explorer.state.camera.position, target.position, atol=1e-6), "the camera went along"
    )
    ready.worker.held = False
    ready.until(lambda: flight.done, "it lands", 6000)
    assert flight.coverage >= 0.9 and painted(ready) > before + 0.2
    assert explorer.state.travel.flight is None and any("Autopilot ended" in e.text for e in explorer.state.log.entries)
    assert not ready.errors()


def test_surfaces_are_painted_straight_on_with_a_model_that_knows_them(ready: Driver) -> None:
    explorer = ready.explorer
    client = explorer.state.open_scene.painter.client
    client.model = replace(client.model, knows_surfaces=True)
    explorer.do("autopilot", 1.0, False)
    flight, told = explorer.state.travel.flight, set[str]()
    ready.until(lambda: flight.surveyed, "surfaces are planned", 3000)
    assert flight.noun == "surfaces" and flight.pilot.plan and flight.begun_at < 1

    def landed() -> bool:
        told.add(explorer.status)
        return flight.done

    ready.until(landed, "it lands", 6000)
    assert any("painting surface 1 of" in words and "step" in words for words in told)
    assert flight.coverage == 1 and painted(ready) == 1 and not ready.errors()
    assert all(view.dreams == 1 and view.gain == 0 for view in flight.pilot.views)


def test_a_failure_from_before_does_not_end_it(ready: Driver, monkeypatch) -> None:
    explorer = ready.explorer
    painter, turns = explorer.state.open_scene.painter, [True]
    painter.client.model = replace(painter.client.model, knows_surfaces=True)
    painter.client.problem = "An earlier dream failed."
    monkeypatch.setattr(painter.sky, "consider", lambda *_: bool(turns) and turns.pop())
    explorer.do("autopilot", 1.0, False)
    flight = explorer.state.travel.flight
    ready.until(lambda: flight.surveyed or flight.done, "surfaces are planned", 3000)
    assert not flight.done


def test_the_remaining_time_appears_after_three_views(ready: Driver) -> None:
    ready.worker.held = True
    ready.explorer.do("autopilot", 0.9, False)
    flight = ready.explorer.state.travel.flight
    for views in range(5):
        flight._pace.append((10.0 * views, 0.1 * views))  # 10 s for each tenth
        assert (flight.seconds_left is None) == (views < 3)
    assert flight.seconds_left == pytest.approx((0.9 - 0.4) * 100)


def test_the_camera_stays_if_it_is_told_to_and_walking_lets_it_go_on_alone(ready: Driver) -> None:
    explorer = ready.explorer
    here = explorer.state.camera
    explorer.do("autopilot", 0.9, False)
    flight = explorer.state.travel.flight
    ready.until(lambda: sum(view.dreams for view in flight.pilot.views) > 1, "two views are painted", 3000)
    assert explorer.state.camera == here
    assert flight.seconds_left is None or flight.seconds_left >= 0
    flight.follow = True
    ready.frames(3)
    ready.press("w")
    ready.frames(3)
    ready.release("w")
    assert not flight.follow and explorer.state.travel.flight is flight
    ready.tap("escape")
    assert explorer.state.travel.flight is None and not explorer.state.overlays.question
    assert not ready.errors()


def test_an_edit_of_the_scene_ends_it_with_a_sentence(ready: Driver) -> None:
    explorer = ready.explorer
    explorer.do("autopilot", 0.95, False)
    ready.frames(5)
    explorer.do("edit_scene", lambda s: edit.change_material(s, 1, height=3.0))
    ready.until(lambda: explorer.state.travel.flight is None, "it ends", 3000)
    assert any("changed" in e.text for e in explorer.state.log.entries) and not ready.errors()


def test_a_scene_without_paths_is_told(drive: Driver) -> None:
    drive.explorer.do("autopilot", 0.95, False)
    drive.until(lambda: drive.explorer.state.travel.flight is None, "it ends")
    assert any("no camera paths" in e.text for e in drive.explorer.state.log.entries)


def test_a_failing_dream_ends_it(ready: Driver) -> None:
    ready.worker.problem = "out of paint"
    ready.explorer.do("autopilot", 0.95, False)
    ready.until(lambda: ready.explorer.state.travel.flight is None, "it ends", 3000)
    assert any("out of paint" in e.text and "Autopilot ended" in e.text for e in ready.explorer.state.log.entries)


def test_durations_as_people_say_them() -> None:
    assert [duration(s) for s in (1, 41, 89, 100, 3000, 7500)] == [
        "5 s",
        "40 s",
        "90 s",
        "2 min",
        "50 min",
        "2 h 5 min",
    ]


def test_a_pyramid_shows_what_its_camera_sees() -> None:
    camera = Camera.from_angles((3.0, 2.0, 1.0), 40, -20, fov=70)
    corners = np.c_[pyramid(camera), np.ones(5)][1:] @ camera.matrix((160, 90)).T
    np.testing.assert_allclose(np.abs(corners[:, :2] / corners[:, 3:]), 1, atol=1e-6)


def test_a_key_starts_it_and_stops_it(ready: Driver) -> None:
    explorer = ready.explorer
    ready.tap("o")
    ready.until(
        lambda: explorer.state.travel.flight is not None and explorer.state.travel.flight.measured > 2,
        "it looks around",
    )
    assert explorer.state.travel.flight.follow and "autopilot" in explorer.status
    ready.tap("o")
    assert explorer.state.travel.flight is None and explorer.state.log.entries[-1].text == "Autopilot stopped"
    assert not ready.errors()


def test_it_is_in_the_palette(ready: Driver) -> None:
    overlays = ready.explorer.state.overlays
    ready.explorer.do("palette")
    ready.frames(3)
    for character in "autopi":
        ready.window.native.dispatch_event("on_text", character)
        ready.frames()
    ready.frames(2)
    ready.tap("enter")
    ready.frames(2)
    assert ready.explorer.state.travel.flight is not None and not overlays.palette
