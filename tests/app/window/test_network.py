"""The network at work, in a real window: it is asked about a step, drawn in space, its blocks and words are chosen with the mouse."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from app.actions.open_scene import show_scene
from app.loop.messages import InspectionResult, Preview
from app.panels.network import NetworkPanel
from app.panels.word_attention import heat
from app.state.inspection import NetworkInspection
from app.state.timeline import Timeline
from engine.unet_view.orbit import Orbit, project_points

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def panel(drive: Driver) -> NetworkPanel:
    return next(p for p, _ in drive.explorer.shell.panels if isinstance(p, NetworkPanel))


def looked(drive: Driver) -> NetworkPanel:
    """The panel, open, with a look at the first view's last step."""
    explorer = drive.explorer
    drive.until(lambda: explorer.status == "this view is finished", "the view gets painted")
    explorer.shell.bring_to_front("Network")
    drive.frames(10)
    record = explorer.state.timeline.records[-1]
    explorer.do("look_inside", record, len(record.shown) - 1)
    drive.until(lambda: explorer.state.inspection.answer is not None, "the network is looked into")
    drive.frames(3)
    return panel(drive)


def side(drive: Driver) -> np.ndarray:
    x, _, width, _ = drive.explorer.shell.scene_box
    return drive.pixels()[:, int(x + width) :].astype(int)


def greys(drive: Driver) -> set[int]:
    """Which blocks' maps are to be seen: each is flat, in a grey of its own."""
    shown = side(drive)
    return {i for i in range(7) if (shown == 30 * (i + 1)).all(axis=2).sum() > 1000}


def picture_of(drive: Driver) -> tuple[Any, tuple[float, float], tuple[int, int]]:
    """What the panel drew of the U-Net last, its upper left corner in the window, and its size."""
    network = panel(drive)
    return network._unet._anatomy, network._unet.corner, network._unet.size


def block_at(drive: Driver, block: int) -> tuple[float, float]:
    """Where in the window a block's front is."""
    anatomy, corner, size = picture_of(drive)
    camera = panel(drive)._unet.orbit.camera(anatomy, size)
    x, y, _ = project_points(camera, size, anatomy.slabs[block].place[None])[0]
    return corner[0] + x, corner[1] + y


def test_before_it_is_asked_it_says_what_looking_inside_shows(drive: Driver, monkeypatch) -> None:
    explorer, said = drive.explorer, []
    monkeypatch.setattr("app.panels.network.faint", said.append)
    drive.until(lambda: explorer.status == "this view is finished", "the view gets painted")
    monkeypatch.setattr(explorer.state, "inspection", NetworkInspection())
    explorer.shell.bring_to_front("Network")
    drive.frames(10)
    assert said[-1] == "Look inside runs this step again and shows what the network did."


def test_it_shows_what_a_block_hands_on_and_a_click_chooses_it(drive: Driver) -> None:
    looked(drive)
    assert {"network map 0", "network map 16"} <= drive.explorer.pictures.keys
    panel(drive)._unet.orbit = Orbit(0, 0)
    for block in (1, 6, 3):
        drive.frames(2)
        place = block_at(drive, block)
        drive.drag(place, (place[0] + 1, place[1]))
        assert panel(drive)._block == block
    assert not drive.errors()


def scroll_to_maps(drive: Driver) -> None:
    x, y, width, _ = drive.explorer.shell.scene_box
    drive.mouse(x + width + 60, y + 60)  # beside the picture, which has the wheel for itself
    for _ in range(4):
        drive.window.native.dispatch_event("on_mouse_scroll", 0, 0, 0, -5)
        drive.frames(3)


def test_the_chosen_blocks_maps_stand_below_it(drive: Driver) -> None:
    looked(drive)
    panel(drive)._block = 5
    drive.frames(3)
    scroll_to_maps(drive)
    assert greys(drive) == {5}
    panel(drive)._block = 2
    drive.frames(3)
    assert greys(drive) == {2}


def test_dragging_turns_it_the_wheel_goes_closer_and_two_clicks_bring_it_back(drive: Driver) -> None:
    looked(drive)
    unet = panel(drive)._unet
    place = unet.corner[0] + 20, unet.corner[1] + unet.size[1] - 12
    seen, chosen = side(drive), panel(drive)._block
    drive.drag(place, (place[0] + 60, place[1] - 30))
    assert unet.orbit != Orbit() and panel(drive)._block == chosen
    assert (np.abs(side(drive) - seen).max(axis=2) > 30).mean() > 0.01
    drive.mouse(*place)
    drive.frames(2)
    drive.window.native.dispatch_event("on_mouse_scroll", 0, 0, 0, 2)
    drive.frames(3)
    assert (
        unet.orbit.zoom < 1 and (unet.corner[0] + 20, unet.corner[1] + unet.size[1] - 12) == place
    )  # nothing scrolled
    for _ in range(2):
        drive.window.native.dispatch_event("on_mouse_press", int(place[0]), int(drive.window.size[1] - place[1]), 1, 0)
        drive.frames(2)
        drive.window.native.dispatch_event(
            "on_mouse_release", int(place[0]), int(drive.window.size[1] - place[1]), 1, 0
        )
        drive.frames(2)
    assert unet.orbit == Orbit() and panel(drive)._block == chosen


def test_data_flows_until_the_animation_is_turned_off(drive: Driver) -> None:
    looked(drive)
    drawn: list[float | None] = []
    unet, own = drive.explorer.services.unet_view, drive.explorer.services.unet_view.draw
    unet.draw = lambda anatomy, view, now: (drawn.append(now), own(anatomy, view, now))[1]
    drive.frames(20)
    moments = [now for now in drawn if now is not None]
    assert len(drawn) == len(moments) == 20 and 10 < len(set(moments)) < 15  # 30 in 50 frames
    picture = panel(drive)._unet
    button = picture.corner[0] + picture.size[0] - 14, picture.corner[1] + picture.size[1] - 14
    drive.drag(button, button)
    assert not drive.explorer.state.session.view.motion
    drawn.clear()
    drive.frames(3)
    assert drawn == [None] * 3
    assert picture.orbit == Orbit()


def test_another_look_is_another_picture(drive: Driver) -> None:
    looked(drive)
    before = panel(drive)._unet._anatomy
    record = drive.explorer.state.timeline.records[-1]
    answer = drive.explorer.state.inspection.answer
    drive.explorer.do("look_inside", record, 0)
    drive.until(lambda: drive.explorer.state.inspection.answer is not answer, "it is looked into again")
    drive.frames(3)
    assert not drive.errors()
    assert panel(drive)._unet._anatomy is not before


def test_nothing_is_drawn_of_it_while_nobody_looks(drive: Driver) -> None:
    looked(drive)
    unet = drive.explorer.services.unet_view
    assert unet._drawing is not None
    unet.patience = 5
    drive.explorer.shell.bring_to_front("View")
    drive.frames(12)
    assert unet._drawing is None
    drive.explorer.shell.bring_to_front("Network")
    drive.frames(12)
    assert unet._drawing is not None and not drive.errors()


def test_another_word_acts_elsewhere(drive: Driver) -> None:
    network = looked(drive)
    network.choose("Words")
    drive.frames(3)
    assert {"network picture", "network heat"} <= drive.explorer.pictures.keys
    seen = side(drive)
    answer = drive.explorer.state.inspection.answer
    assert answer.inside.prompts[0].words[-1] == "the whole"
    network.choose("Words", 0, 1)
    drive.frames(3)
    assert (np.abs(side(drive) - seen).max(axis=2) > 30).mean() > 0.02
    assert not drive.errors()


def test_the_decoders_stages_are_shown_once_they_are_asked_for(drive: Driver, monkeypatch) -> None:
    network, explorer, said = looked(drive), drive.explorer, []
    monkeypatch.setattr("app.panels.network.faint", said.append)
    network.choose("Decoder")
    drive.frames(3)
    assert any("runs the decoder, too" in words for words in said)
    record = explorer.state.timeline.records[-1]
    explorer.do("look_inside", record, 1, False, False, True)
    drive.until(lambda: bool(explorer.state.inspection.answer.decoder), "the decoder is looked into")
    drive.frames(3)
    assert [block.name for block in picture_of(drive)[0].blocks] == ["in", "up 1", "up 2", "out"]
    scroll_to_maps(drive)
    assert (side(drive) == 220).all(axis=2).sum() > 500  # the maps of the last stage but one
    network.choose("Blocks")
    drive.frames(3)
    assert len(picture_of(drive)[0].blocks) == 7 and not drive.errors()


def test_it_looks_by_itself_only_if_it_may(drive: Driver) -> None:
    network = looked(drive)
    worker, explorer = drive.worker, drive.explorer
    count = worker.inspected

    def redream() -> None:
        dreams = explorer.state.open_scene.painter.client.dreams
        explorer.do("dream")
        drive.until(lambda: explorer.state.open_scene.painter.client.dreams > dreams, "the view is dreamed again")
        drive.frames(10)

    redream()
    assert worker.inspected == count
    network._always = True
    redream()
    assert worker.inspected == count + 1
    assert explorer.state.inspection.answer.asked.dream == explorer.state.timeline.records[-1].id
    drive.tap("tab")  # no panel is open
    redream()
    assert worker.inspected == count + 1


def test_a_failure_is_reported_and_the_last_maps_stay(drive: Driver) -> None:
    looked(drive)
    explorer = drive.explorer
    answer, drive.worker.problem = explorer.state.inspection.answer, "no light in there"
    explorer.do("look_inside", explorer.state.timeline.records[-1], 0)
    drive.until(lambda: bool(drive.errors()), "it is reported")
    assert "no light in there" in drive.errors()[0]
    assert explorer.state.inspection.answer is answer and explorer.state.inspection.asked is None


def test_another_scene_forgets_it(drive: Driver, scene) -> None:
    looked(drive)
    drive.worker.held = True
    drive.explorer.do("look_inside", drive.explorer.state.timeline.records[-1], 0)
    assert drive.worker.asked is not None
    show_scene(drive.explorer.context, replace(scene, name="other"))
    assert drive.worker.asked is None and drive.explorer.state.inspection == NetworkInspection()


def test_the_timeline_keeps_what_a_look_needs(drive: Driver) -> None:
    drive.until(lambda: drive.explorer.status == "this view is finished", "the view gets painted")
    record = drive.explorer.state.timeline.records[-1]
    assert record.settings.steps == record.steps
    asked: Any = NetworkInspection().ask(record, 2).asked
    assert (asked.dream, asked.step, asked.canvas) == (record.id, record.shown[2].number, record.canvas)
    assert record.bytes > record.image.nbytes + record.canvas.noise.nbytes * (1 + len(record.shown))
    assert NetworkInspection().ask(record, len(record.shown)) == NetworkInspection()
    assert NetworkInspection().ask(replace(record, canvas=None), 0) == NetworkInspection()


def test_an_answer_to_an_older_question_changes_nothing() -> None:
    start = np.zeros((4, 8, 8), np.float32)
    seen = Preview(0, 1, 9, 1.0, np.zeros((8, 8, 3), np.uint8), start=start)
    known: Any = object()
    record = replace(Timeline().take(seen, 0.0).records[0], canvas=known, settings=known)
    first = NetworkInspection().ask(record, 0)
    second = first.ask(record, 0)
    inside: Any = object()
    old, new = (InspectionResult(network.asked, inside) for network in (first, second) if network.asked)
    assert second.take(old) is second
    assert second.take(new).answer is new
    assert second.take(seen) is second


def test_heat_is_brightest_where_a_word_acts_and_dark_where_others_do(drive: Driver) -> None:
    where = np.broadcast_to(np.linspace(0.1, 0.4, 12, dtype=np.float32), (6, 12))
    share = np.zeros((6, 12), np.float32)
    share[:3] = 1
    laid = heat(where, share)
    brightness = laid[:3, :, :3].sum(axis=2, dtype=int)
    assert (np.diff(laid[0, :, 3].astype(int)) > 0).all() and brightness[0, -1] > brightness[0, 0]
    assert not laid[3:, :, :3].any() and (laid[3:, :, 3] > 128).all()
