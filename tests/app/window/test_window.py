"""A real window, driven by its own events: walking, panels, painting, screenshots, leaving."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from PIL import Image

from app.files.screenshots import read_screenshot
from app.loop.paint_survey import survey
from scenes.scene import SKY

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver


def test_forward_key_walks_where_the_camera_looks(drive: Driver) -> None:
    before = drive.explorer.state.camera
    drive.press("w")
    drive.frames(25)
    drive.release("w")
    drive.frames(50)
    way = np.subtract(drive.explorer.state.camera.position, before.position)
    ahead = before.axes[2] * (1, 0, 1)
    np.testing.assert_allclose(way, ahead / np.linalg.norm(ahead) * np.linalg.norm(way), atol=1e-3)
    assert 1.5 < np.linalg.norm(way) < 2.5  # half a second at four blocks a second
    drive.frames(10)
    assert drive.explorer.state.walker.still


def test_dragging_a_slider_changes_the_session_and_undo_takes_it_back(drive: Driver) -> None:
    drive.frames(5)
    x, _, width, _ = drive.explorer.shell.scene_box
    before = drive.explorer.state.session.view
    row = _row_of_field_of_view(drive)
    drive.drag((x + width + 200, row), (x + width + 290, row))
    after = drive.explorer.state.session.view
    assert after.fov > before.fov
    assert replace(after, fov=before.fov) == before
    drive.press("left_ctrl")
    drive.tap("z")
    assert drive.explorer.state.session.view == before
    drive.tap("y")
    drive.release("left_ctrl")
    assert drive.explorer.state.session.view == after


@pytest.mark.parametrize("drive", [4, 8], indirect=True)
def test_standing_still_paints_the_view_and_then_costs_nothing(drive: Driver) -> None:
    empty = drive.pixels().astype(int)
    painter = drive.explorer.state.open_scene.painter
    drive.until(lambda: painter.status_text == "this view is finished", "the view gets painted")
    drive.frames(30)  # it is drawn a band a frame
    assert painter.coverage > 0.9
    x, y, width, height = (int(v) for v in drive.explorer.shell.scene_box)
    change = np.abs(drive.pixels().astype(int) - empty)[y : y + height, x : x + width].max(axis=2)
    assert (change > 20).mean() > 0.5
    dreams = drive.worker.submitted
    drive.frames(100)
    assert drive.worker.submitted == dreams


def test_screenshot_shows_the_window_and_carries_the_session(drive: Driver) -> None:
    drive.until(lambda: drive.explorer.state.open_scene.painter.client.dreams > 0, "a dream ends")
    drive.tap("f12")
    folder = drive.explorer.state.folders.pictures
    drive.until(lambda: any(folder.glob("rayverie-*.png")), "the screenshot is written")
    path = next(folder.glob("rayverie-*.png"))
    session, camera = read_screenshot(path)
    assert session == drive.explorer.state.session
    np.testing.assert_allclose(camera.axes, drive.explorer.state.camera.axes, atol=1e-6)
    with Image.open(path) as image:
        picture = np.asarray(image)
    assert picture.shape == (640, 960, 3)
    assert picture.std() > 20
    drive.until(lambda: any(str(path) in text for text, _, _ in drive.explorer.state.overlays.toasts), "the toast")


def test_escape_frees_the_mouse_and_a_second_one_does_nothing(drive: Driver) -> None:
    explorer = drive.explorer
    drive.drag((200, 300), (260, 320))
    assert explorer.state.looking == "left"
    assert drive.window.wnd.mouse_exclusivity
    drive.tap("escape")
    assert not explorer.state.looking
    assert not drive.window.wnd.mouse_exclusivity
    assert not explorer.state.overlays.question
    drive.tap("escape")
    assert not explorer.state.overlays.open and not drive.window.wnd.is_closing
    explorer.do("quit")
    explorer.do("quit")
    assert drive.window.wnd.is_closing


def test_the_mouse_turns_the_camera_while_it_is_taken(drive: Driver) -> None:
    before = drive.explorer.state.walker
    drive.drag((200, 300), (260, 280))
    assert drive.explorer.state.walker.yaw < before.yaw
    assert drive.explorer.state.walker.pitch > before.pitch
    drive.tap("escape")
    still = drive.explorer.state.walker
    drive.mouse(300, 300)
    drive.frames(2)
    assert (drive.explorer.state.walker.yaw, drive.explorer.state.walker.pitch) == (still.yaw, still.pitch)


def test_tab_hides_the_panels_and_the_scene_fills_the_window(drive: Driver) -> None:
    beside = drive.explorer.shell.scene_box
    assert beside[2] < 700
    drive.tap("tab")
    assert drive.explorer.shell.scene_box == (0, 0, 960, 640)
    drive.tap("tab")
    drive.frames(2)
    assert drive.explorer.shell.scene_box == beside


def test_resizing_resizes_scene_and_panels(drive: Driver) -> None:
    drive.window.wnd.size = 700, 500
    drive.until(lambda: drive.window.size == (700, 500), "the window is resized")
    drive.frames(3)
    _, _, width, height = drive.explorer.shell.scene_box
    assert width < 700 and height < 500
    assert drive.pixels().shape == (500, 700, 3)
    assert drive.pixels()[:, -20:].std() > 0  # the panels reach the new edge
    assert not drive.errors()


def test_letters_typed_into_a_field_do_not_walk(drive: Driver) -> None:
    before = drive.explorer.state.camera.position
    drive.press("left_ctrl")
    drive.tap("p")
    drive.release("left_ctrl")
    drive.frames(3)
    drive.press("w")
    drive.window.native.dispatch_event("on_text", "w")
    drive.frames(10)
    drive.release("w")
    drive.frames(5)
    assert drive.explorer.state.camera.position == before
    drive.window.native.dispatch_event("on_text", "ireframe")  # no command has these letters
    drive.frames(3)
    drive.tap("escape")
    assert not drive.explorer.state.overlays.open


def test_the_palette_runs_what_is_typed(drive: Driver) -> None:
    drive.press("left_ctrl")
    drive.tap("p")
    drive.release("left_ctrl")
    drive.frames(3)
    for letter in "density":
        drive.window.native.dispatch_event("on_text", letter)
        drive.frames(2)
    drive.tap("enter")
    assert drive.explorer.state.session.view.mode == "density"
    assert not drive.explorer.state.overlays.open


def test_the_palette_stands_still_while_one_types_and_leads_to_what_was_meant(drive: Driver) -> None:
    from imgui_bundle import imgui

    drive.explorer.do("palette")
    drive.frames(4)
    place = imgui.internal.find_window_by_name("Command palette").pos
    before = (place.x, place.y)
    for letter in "densitty":  # a slip
        drive.window.native.dispatch_event("on_text", letter)
        drive.frames(2)
    place = imgui.internal.find_window_by_name("Command palette").pos
    assert (place.x, place.y) == before
    drive.tap("enter")
    assert drive.explorer.state.session.view.mode == "density" and not drive.errors()


def test_a_long_status_is_shortened_before_it_reaches_the_menus(drive: Driver) -> None:
    from imgui_bundle import imgui

    from app.panels.context import shorten_to_width

    drive.explorer.state.open_scene.painter.client.problem = "word " * 100
    drive.frames(2)
    cut = shorten_to_width("word " * 100, 200.0)
    assert 150 < imgui.calc_text_size(cut).x <= 200 and cut.endswith("…")
    assert shorten_to_width("short", 200.0) == "short" and not drive.errors()


def test_losing_the_focus_lets_go_of_every_key(drive: Driver) -> None:
    drive.press("w")
    drive.frames(5)
    drive.window.native.dispatch_event("on_deactivate")
    drive.frames(50)
    assert drive.explorer.state.walker.still
    assert not drive.explorer.controls.keyboard.down


def test_a_failing_dream_is_reported_and_the_window_lives_on(drive: Driver) -> None:
    drive.worker.problem = "sigma was not a number"
    drive.until(lambda: bool(drive.errors()), "the failure is told")
    assert any("sigma was not a number" in text for text in drive.errors())
    assert any(entry.details for entry in drive.explorer.state.log.entries)
    drive.worker.problem = ""
    drive.press("w")
    drive.frames(30)
    drive.release("w")
    drive.until(lambda: drive.explorer.state.open_scene.painter.client.dreams > 0, "another view is dreamed")


def test_a_broken_panel_is_reported_and_the_others_are_drawn(drive: Driver) -> None:
    def broken(_: object) -> None:
        raise ValueError("made up for this test")

    panel, _ = drive.explorer.shell.panels[0]
    panel.draw = broken
    drive.frames(3)
    assert any("made up for this test" in text for text in drive.errors())
    del panel.draw
    count = len(drive.errors())
    drive.frames(3)
    assert len(drive.errors()) == count


def test_erasing_forgets_and_paints_again(drive: Driver) -> None:
    painter = drive.explorer.state.open_scene.painter
    drive.until(lambda: painter.status_text == "this view is finished", "the view gets painted")
    dreams = painter.client.dreams
    drive.explorer.do("erase")
    drive.frames(1)
    assert not list(drive.explorer.state.open_scene.volume.atlas)
    drive.until(lambda: painter.client.dreams > dreams, "the view gets painted again")


def test_dreaming_again_forgets_this_view_only(drive: Driver) -> None:
    painter, volume = drive.explorer.state.open_scene.painter, drive.explorer.state.open_scene.volume
    drive.until(lambda: painter.status_text == "this view is finished", "the view gets painted")
    assert painter.coverage > 0.9
    dreams = painter.client.dreams
    drive.worker.held = True
    drive.explorer.do("dream")
    drive.until(lambda: not drive.explorer.services.strokes.busy, "it is forgotten")
    gathered = painter.requests.gather(drive.explorer.state.camera, drive.explorer.state.scene_size)
    assert (gathered.steps > 0).mean() < 0.05
    assert volume.revision > 1
    drive.worker.held = False
    drive.until(lambda: painter.client.dreams > dreams, "the view gets painted again")


def test_the_timeline_keeps_every_step_and_exports_them(drive: Driver) -> None:
    drive.until(lambda: drive.explorer.state.open_scene.painter.client.dreams > 0, "a dream ends")
    record = drive.explorer.state.timeline.records[0]
    assert [step.number for step in record.shown] == list(range(1, record.steps + 1))
    assert record.image is not None
    drive.explorer.do("export_steps", record, ".gif")
    folder = drive.explorer.state.folders.pictures
    drive.until(lambda: any(folder.glob("dream-*.gif")), "the GIF is written")
    with Image.open(next(folder.glob("dream-*.gif"))) as image:
        assert image.n_frames >= record.steps


def test_layout_is_kept_for_the_next_start(drive: Driver, tmp_path: Path) -> None:
    assert drive.explorer.state.overlays.first_help
    drive.explorer.do("tour")  # its window is placed when it is first opened
    drive.frames(3)
    drive.explorer.shell.save_layout()
    text = drive.explorer.shell.layout_file.read_text()
    assert "[Docking]" in text
    assert all(panel.title in text for panel, _ in drive.explorer.shell.panels)


def test_a_cancelled_dream_stays_cancelled_until_something_is_another(drive: Driver) -> None:
    explorer, worker = drive.explorer, drive.worker
    for change in (
        lambda: setattr(explorer.state, "walker", replace(explorer.state.walker, yaw=explorer.state.walker.yaw + 2)),
        lambda: setattr(
            explorer.state,
            "session",
            replace(explorer.state.session, dream=replace(explorer.state.session.dream, seed=5)),
        ),
        lambda: explorer.do("dream"),
    ):
        worker.held = True
        drive.until(lambda: worker.request is not None, "a dream is asked for")
        explorer.do("cancel")
        drive.frames(40)
        assert worker.request is None and explorer.status == "this view stays as it is"
        change()
        worker.held = False
        drive.until(lambda: explorer.status == "this view is finished", "then it is dreamed")
        explorer.do("erase")
    assert not drive.errors()


def test_every_panel_and_dialog_draws(drive: Driver) -> None:
    from imgui_bundle import imgui

    drive.until(lambda: drive.explorer.state.open_scene.painter.client.dreams > 0, "a dream ends")
    for panel, _ in drive.explorer.shell.panels:
        imgui.set_window_focus(panel.title)
        drive.frames(3)
    for action in ("help", "quit", "palette", "open", "new", "save_scene_as", "export_world", "ask_picture"):
        drive.explorer.do(action)
        assert drive.explorer.state.overlays.open
        drive.frames(3)
        drive.explorer.state.overlays.close()
    for mode in ("material", "latents", "steps", "density", "depth"):
        drive.explorer.do(f"mode_{mode}")
        drive.frames(2)
    assert not drive.errors()


def _row_of_field_of_view(drive: Driver) -> float:
    """The y, in points, of the slider "Field of view": found by the value that a click there shows as being edited."""
    from imgui_bundle import imgui

    x, y, width, _ = drive.explorer.shell.scene_box
    before = drive.explorer.state.session
    for row in range(int(y) + 60, int(y) + 260, 8):
        drive.drag((x + width + 200, row), (x + width + 203, row))
        changed = drive.explorer.state.session.view.fov != before.view.fov
        drive.explorer.state.session = before
        drive.explorer.state.history = type(drive.explorer.state.history)(before)
        drive.frames(2)
        if changed:
            return float(row)
    raise AssertionError(f"no slider found; {imgui.get_io().want_capture_mouse=}")


def test_erasing_a_material_leaves_the_others(drive: Driver) -> None:
    painter, volume = drive.explorer.state.open_scene.painter, drive.explorer.state.open_scene.volume
    drive.until(lambda: painter.status_text == "this view is finished", "the view gets painted")
    before = survey(volume)
    assert before.share > 0
    assert sum(before.steps) == sum(before.painted.values())
    drive.worker.held = True
    material = max((m for m in before.painted if m != SKY), key=lambda m: before.painted[m])
    drive.explorer.do("erase_material", material)
    drive.until(lambda: not drive.explorer.services.strokes.busy, "it is forgotten")
    after = survey(volume)
    again = survey(volume, before)  # counts what has changed
    assert (again.painted, again.texels, again.steps.tolist()) == (after.painted, after.texels, after.steps.tolist())
    assert before.painted[material] > 0
    assert after.painted == before.painted | {material: 0}


def test_a_path_is_played_and_filmed(drive: Driver) -> None:
    explorer = drive.explorer
    drive.tap("k")
    explorer.state.walker = replace(
        explorer.state.walker, position=tuple(np.add(explorer.state.walker.position, (0.5, 0.2, 0)))
    )
    drive.tap("k")
    path = explorer.state.route.path
    assert path is not None and len(path.keyframes) == 2
    explorer.state.travel.play(path, explorer.state.clock())
    drive.frames(5)
    assert explorer.state.travel.playing
    drive.until(lambda: explorer.state.travel.playing is None, "the path ends")
    np.testing.assert_allclose(explorer.state.camera.position, path.keyframes[1].camera.position, atol=1e-9)
    explorer.do("film", path, (128, 96), 8.0)
    folder = explorer.state.folders.pictures
    said = r"recording: \d+ of \d+ frames, dreaming this view: step \d of \d( · ≈ \d+ s left)?"
    # a sketch from playing the path may have to end first
    drive.until(lambda: re.fullmatch(said, explorer.status) is not None, "a frame that lacks something is dreamed")
    drive.until(lambda: any(folder.glob("film-*.mp4")), "the film is written", 3000)
    with av.open(str(next(folder.glob("film-*.mp4")))) as container:
        assert sum(1 for _ in container.decode(video=0)) == int(path.seconds * 8)
    assert drive.worker.submitted > 0
    assert not drive.errors()


def test_a_stopped_film_leaves_no_file(drive: Driver) -> None:
    explorer = drive.explorer
    explorer.state.route = explorer.state.route.add(explorer.state.camera).add(
        explorer.state.camera.with_changes(position=(4.0, 2.0, 4.0))
    )
    explorer.do("film", explorer.state.route.path, (128, 96), 24.0)
    drive.until(lambda: explorer.state.travel.film.index > 1, "some frames are filmed")
    drive.tap("escape")
    drive.until(lambda: not explorer.services.io.busy, "the film is put away")
    assert explorer.state.travel.film is None
    assert not list(explorer.state.folders.pictures.glob("*"))
