"""What the panels show of a dream, in a real window: while they are open, and at no cost while they are closed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from app.files.picture import Source
from app.files.preferences import read_preferences, remember
from app.loop.messages import Part, Preview
from app.panels.curves import beta_of
from app.panels.emergence import EmergencePlots
from app.panels.latents import channel_sheet
from app.panels.picture_view import show
from app.panels.regions import display_colours
from app.panels.timeline import SHOWS, TimelinePanel
from app.session import ViewSettings
from app.state.timeline import Timeline
from engine.render.daylight import NOON

if TYPE_CHECKING:
    from scenes.scene import Scene
    from tests.app.window.conftest import Driver


def panel(drive: Driver) -> TimelinePanel:
    return next(p for p, _ in drive.explorer.shell.panels if isinstance(p, TimelinePanel))


def redream(drive: Driver) -> None:
    count = drive.explorer.state.open_scene.painter.client.dreams
    drive.explorer.do("dream")
    drive.until(lambda: drive.explorer.state.open_scene.painter.client.dreams > count, "the view is dreamed again")
    drive.frames(2)


def test_details_are_made_only_while_somebody_looks(drive: Driver) -> None:
    explorer = drive.explorer
    drive.until(lambda: explorer.status == "this view is finished", "the view gets painted")
    drive.tap("tab")  # no panel is open
    drive.frames(40)
    assert not drive.worker.how.closely and not drive.worker.how.decoded
    redream(drive)
    assert all(step.preview.noisy is None for step in explorer.state.timeline.records[-1].shown)
    drive.tap("tab")
    explorer.shell.bring_to_front("Timeline")
    drive.frames(10)
    assert drive.worker.how.closely and drive.worker.how.decoded
    redream(drive)
    steps = [step.preview for step in explorer.state.timeline.records[-1].shown]
    assert all(p.noisy is not None and p.parts for p in steps)
    assert np.isfinite([p.guidance for p in steps]).all()


@pytest.mark.parametrize("shows", SHOWS)
def test_a_step_is_drawn_in_every_manner(drive: Driver, shows: str) -> None:
    explorer = drive.explorer
    explorer.shell.bring_to_front("Timeline")
    drive.frames(10)
    redream(drive)
    timeline = panel(drive)
    timeline.show(explorer.state.timeline.records[-1].id, 2, shows)
    drive.frames(3)
    x, _, width, _ = explorer.shell.scene_box
    seen = drive.pixels()[:, int(x + width) :].astype(int)
    timeline.show(explorer.state.timeline.records[-1].id, 5, shows)
    drive.frames(3)
    changed = np.abs(drive.pixels()[:, int(x + width) :] - seen).max(axis=2) > 20
    assert changed.mean() > (0.02 if shows == "Noisy" else 0.0005)  # another noise; elsewhere the marks move at least
    assert not drive.errors()


def test_a_region_has_its_materials_colours(scene: Scene) -> None:
    assert display_colours(scene, "a meadow") == ((90, 150, 60),)
    assert display_colours(scene, "blue sky") == (NOON,)
    assert display_colours(scene, "a prompt that was typed for a mask") == ()
    grass, wall, pillar = scene.materials
    alike = replace(scene, materials=(grass, replace(wall, prompt=grass.prompt), pillar))
    assert display_colours(alike, grass.prompt) == (grass.display, wall.display)


def test_tiles_of_regions_show_their_colours(drive: Driver) -> None:
    explorer = drive.explorer
    explorer.shell.bring_to_front("Timeline")
    drive.frames(10)
    redream(drive)
    record = explorer.state.timeline.records[-1]
    panel(drive).show(record.id, 2, "Regions")
    drive.frames(3)
    x, y, width, _ = explorer.shell.scene_box
    seen = {tuple(pixel) for pixel in drive.pixels()[int(y) :, int(x + width) :].reshape(-1, 3).tolist()}
    shown = [part.prompt for part in record.shown[2].preview.parts[:3]]
    assert all(set(display_colours(explorer.state.scene, prompt)) <= seen for prompt in shown) and not drive.errors()


def emerged(drive: Driver) -> TimelinePanel:
    """The panel with a dream in it whose emergence is measured: the made-up worker paints what it paints from the first step on."""

    def rest() -> None:
        drive.until(lambda: drive.explorer.status == "this view is finished", "the view gets painted")

    rest()
    drive.explorer.shell.bring_to_front("Timeline")
    drive.frames(10)
    redream(drive)
    rest()
    drive.until(lambda: bool(panel(drive)._emergence.found), "its emergence is measured")
    drive.frames(2)
    return panel(drive)


def test_emergence_is_measured_a_step_a_frame(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    timeline = emerged(drive)
    record = drive.explorer.state.timeline.records[-1]
    found = timeline._emergence.found
    assert {one.prompt for one in found} <= {"", *(region.prompt for region in record.canvas.regions)}
    assert all(np.isclose(one.coarse, 1).all() and len(one.coarse) == len(record.shown) for one in found)
    grey, steps = np.full_like(record.shown[0].sketch, 9), list(record.shown)
    steps[0] = replace(steps[0], preview=replace(steps[0].preview, image=np.zeros((3, 3, 3), np.uint8), sketch=grey))
    other = replace(record, id=99, shown=tuple(steps))
    plots = EmergencePlots()
    for k in range(len(steps) + 1):
        assert (plots.found != ()) == (k > len(steps))
        plots.follow(other)
    assert plots.found[0].coarse[0] == 0 and np.isclose(plots.found[0].coarse[1:], 1).all()
    plots.follow(replace(other, id=100, image=None))
    assert plots.found == ()


def test_a_click_into_a_plot_goes_to_the_step(drive: Driver) -> None:
    timeline = emerged(drive)
    x, y, width, height = drive.explorer.shell.scene_box
    left, right = x + width + 20, drive.window.size[0] - 34
    drive.mouse(x + width + 60, y + height - 60)
    drive.frames(2)
    for _ in range(10):  # to the end
        drive.window.native.dispatch_event("on_mouse_scroll", 0, 0, 0, -25)
        drive.frames(2)
    count = len(drive.explorer.state.timeline.records[-1].shown)
    place = (left + 0.3 * (right - left), y + height - 34)
    drive.drag(place, place)
    assert timeline._place == round(0.3 * (count - 1)) and timeline._id == drive.explorer.state.timeline.records[-1].id
    assert not drive.errors()


def test_explanations_open_and_can_be_hidden_for_good(drive: Driver) -> None:
    emerged(drive)
    explorer = drive.explorer
    explorer.shell.bring_to_front("Network")
    drive.frames(6)
    x, y, width, _ = explorer.shell.scene_box

    def asked() -> bool:
        """Click through the row of the "?", from the right, until it opens."""
        for place in range(int(drive.window.size[0]) - 20, int(x + width) + 10, -8):
            drive.drag((place, y + 77), (place, y + 77))
            if explorer.shell.popup_open:
                return True
        return False

    assert asked()
    drive.tap("escape")
    assert not explorer.shell.popup_open and explorer.state.session.view.hints
    explorer.do("hide_hints")
    drive.frames(3)
    assert not asked() and not explorer.state.session.view.hints
    remember(explorer.state.folders.config, explorer.state.session.view)  # as its end does
    assert not read_preferences(explorer.state.folders.config, ViewSettings()).hints


def preview(step: int, **changes: object) -> Preview:
    return Preview(0, step, 9, 1.0, np.zeros((8, 8, 3), np.uint8), **changes)


def test_details_count_in_the_limit() -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    bare = Timeline().take(preview(1), 0.0).records[0]
    whole = Timeline().take(preview(1, noisy=picture, parts=(Part("a", picture), Part("b", picture))), 0.0).records[0]
    assert (bare.bytes, whole.bytes) == (192, 4 * 192)
    decoded = Timeline().take(preview(1, decoded=True, sketch=picture), 0.0).records[0]
    assert decoded.bytes == 2 * 192 and decoded.shown[0].sketch is picture
    assert bare.shown[0].sketch is bare.shown[0].preview.image


def test_the_latest_picture_is_the_decoders_as_long_as_nothing_is_finished() -> None:
    timeline = Timeline().take(preview(1, decoded=True), 0.0).take(preview(2), 1.0)
    record = timeline.records[0]
    assert record.latest is record.shown[0].preview.image
    assert Timeline().take(preview(1), 0.0).records[0].latest is not None


def test_thumbnails_of_any_dreams_stand_side_by_side(drive: Driver) -> None:
    """Numbers of dreams have gaps, and pictures have any size: each thumbnail shows its own."""
    explorer = drive.explorer
    explorer.do("pause")
    explorer.state.timeline = Timeline()
    explorer.shell.bring_to_front("Timeline")
    drive.frames(10)
    colours = [(250, 20, 20), (20, 250, 20), (20, 20, 250)]
    for number, colour in enumerate(colours):  # 27720 is a multiple of however many thumbnails there is room for
        image = np.full((32 + 16 * number, 48, 3), colour, np.uint8)
        explorer.state.timeline = explorer.state.timeline.take(Preview(27720 * number, 1, 4, 1.0, image), 0.0)
    drive.frames(2)
    seen = drive.pixels().astype(int)
    side = seen[:, int(explorer.shell.scene_box[2]) :]
    assert not drive.errors()
    for colour in colours:
        assert (np.abs(side - colour).max(axis=2) < 60).any(), colour


def test_a_picture_may_change_its_size_within_a_frame(drive: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two panels may show two pictures under one key: none of them is gone when the frame is drawn."""
    before = TimelinePanel.draw

    def draw(self, ui):
        for size in ((8, 8, 3), (16, 16, 3)):
            show(ui, "the same", np.full(size, 200, np.uint8), 40, 40)
        return before(self, ui)

    monkeypatch.setattr(TimelinePanel, "draw", draw)
    drive.explorer.shell.bring_to_front("Timeline")
    drive.frames(20)
    assert not drive.errors()


def test_pictures_that_nobody_shows_are_given_back(drive: Driver) -> None:
    pictures = drive.explorer.pictures
    for number in range(5):
        pictures.texture(f"picture {number}", np.full((64, 64, 3), number, np.uint8))
    drive.frames(pictures.patience // 2)
    kept = pictures.texture("picture 4", (last := np.full((64, 64, 3), 9, np.uint8)))
    drive.frames(pictures.patience // 2 + 2)
    assert pictures.texture("picture 4", last) is kept
    assert not any(f"picture {number}" in pictures.keys for number in range(4))


def test_parts_of_a_view_that_is_refined_drive_no_whole_dream_out(drive: Driver) -> None:
    explorer = drive.explorer
    drive.until(lambda: explorer.status == "this view is finished", "the view is painted")
    whole, image = explorer.state.timeline.records, explorer.state.open_scene.painter.client.dreamed
    explorer.state.session = replace(explorer.state.session, live=replace(explorer.state.session.live, refine=True))
    drive.until(lambda: "part 2 of" in explorer.status, "it is refined")
    dreams = explorer.state.open_scene.painter.client.dreams
    drive.until(lambda: explorer.status == "this view is finished", "all its parts are", 3000)
    assert explorer.state.open_scene.painter.client.dreams > dreams
    assert [r.id for r in explorer.state.timeline.records] == [r.id for r in whole]
    assert explorer.state.open_scene.painter.client.dreamed is image and not drive.errors()


def test_steps_are_named_on_request_and_the_names_stay(drive: Driver) -> None:
    explorer = drive.explorer
    explorer.shell.bring_to_front("Timeline")
    drive.frames(10)
    redream(drive)
    record = explorer.state.timeline.records[-1]
    assert explorer.state.inspection.concepts_of(record) == ()
    explorer.do("look_inside", record, len(record.shown) - 1, False, True)
    assert len(explorer.state.inspection.asked.predictions) == len(record.shown)
    drive.until(lambda: bool(explorer.state.inspection.concepts_of(record)), "the steps are named")
    drive.frames(3)
    named = explorer.state.inspection.concepts_of(record)
    assert {one.prompt for one in named} == {region.prompt for region in record.canvas.regions}
    explorer.do("look_inside", record, 0)
    drive.until(lambda: explorer.state.inspection.asked is None, "the network is asked something else")
    assert explorer.state.inspection.concepts_of(record) is named
    assert not drive.errors()


def test_a_picture_is_noised_step_by_step_and_one_can_dream_on_from_a_level(drive: Driver) -> None:
    explorer, timeline = drive.explorer, panel(drive)
    explorer.shell.bring_to_front("Timeline")
    drive.frames(10)
    redream(drive)
    drive.until(lambda: explorer.status == "this view is finished", "the view gets painted")
    record = explorer.state.timeline.records[-1]
    timeline.show(record.id, 1, "Noised")
    drive.frames(3)
    assert explorer.state.inspection.find_noised(record) is None
    explorer.do("noise_picture", record, False, 8, 2, 6)
    asked = explorer.state.inspection.asked
    assert asked.noising.picture is record.image and (asked.noising.settings.steps, asked.canvas) == (8, record.canvas)
    drive.until(lambda: explorer.state.inspection.find_noised(record) is not None, "the picture is noised")
    drive.frames(3)
    assert {f"noised {place}" for place in range(5)} <= explorer.pictures.keys
    noising, noised = explorer.state.inspection.find_noised(record)
    assert noised.steps == (2, 3, 4, 5, 6)
    timeline._noised.chosen = 1
    drive.frames(3)
    drive.worker.held = True
    explorer.do("dream_on", noising, noised.steps[1])
    drive.until(lambda: drive.worker.request is not None, "it is dreamed on from step 3")
    request = drive.worker.request
    assert request.settings.strength == pytest.approx(5 / 8)
    assert (request.canvas.guide.colours[..., :3] == record.image).all()
    drive.worker.held = False
    assert not drive.errors()


def test_the_opened_picture_is_noised_at_the_dreams_size(drive: Driver) -> None:
    explorer = drive.explorer
    explorer.shell.bring_to_front("Timeline")
    drive.frames(10)
    redream(drive)
    record = explorer.state.timeline.records[-1]
    explorer.do("noise_picture", record, True, 8, 0, 8)
    assert explorer.state.inspection.asked is None  # nothing is open
    picture = np.full((40, 40, 4), (200, 30, 30, 255), np.uint8)
    explorer.state.source = Source("red", picture)
    panel(drive).show(record.id, 1, "Noised")
    drive.frames(3)
    explorer.do("noise_picture", record, True, 8, 0, 8)
    noising = explorer.state.inspection.asked.noising
    assert noising.picture.shape == record.image.shape and (noising.picture == (200, 30, 30)).all()
    explorer.state.source = None
    assert not drive.errors()


def test_channels_lie_side_by_side() -> None:
    latents = np.stack([np.full((3, 4), i, np.float32) + np.eye(3, 4, dtype=np.float32) for i in range(10)])
    sheet = channel_sheet(latents)
    assert sheet.shape == (2 * 4, 8 * 5, 3) and sheet.dtype == np.uint8
    first, ninth = sheet[:3, :4], sheet[4:7, :4]
    assert np.array_equal(first, ninth), "each is grey at its own mean"
    assert first[0, 0, 0] > 127 > first[0, 1, 0] and not sheet[3].any() and not sheet[4:, 10:].any()
    assert channel_sheet(latents[:4]).shape == (4, 4 * 5, 3)


def test_betas_of_the_steps_noise_a_picture_as_far_as_the_first_sigma_says() -> None:
    sigmas = (14.6, 4.0, 1.0, 0.2)
    betas = [beta_of(sigmas, place) for place in range(len(sigmas))]
    assert all(0 < beta < 1 for beta in betas)
    assert np.prod(1 - np.array(betas)) == pytest.approx(1 / (1 + 14.6**2))
