"""Pictures onto surfaces, on the real window: splat, img2img, marks, anagrams, the last dream as a file; each undone bit for bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageDraw

from app.actions.anagram import frontal_camera
from app.files.picture import read_picture
from app.files.screenshots import read_screenshot
from app.loop.messages import Request
from app.loop.sky import AROUND
from app.panels.outline import outline
from base.errors import InputError
from engine.atlas.page import FROZEN, REVISION, STEPS
from engine.edits.patch import apply_operation
from scenes.camera import Camera
from scenes.raycast import cast_rays
from scenes.scene import SKY
from tests.app.window.test_brush import chord, done, middle, painted, texels, world
from tests.engine.village import same

if TYPE_CHECKING:
    from tests.app.window.conftest import Driver

__all__ = ["painted"]  # a fixture


def with_sky(driver: Driver) -> None:
    """Paint the sky, too."""
    state = driver.explorer.state
    state.session = replace(state.session, paint=replace(state.session.paint, sky=True))
    painter, driver.worker.held = state.open_scene.painter, False
    driver.until(
        lambda: painter.sky.count(state.session, AROUND) == 0 and not painter.client.busy, "the sky is painted"
    )
    driver.worker.held, viewport = True, driver.explorer.services.viewport
    driver.until(lambda: viewport.is_settled(state.open_scene.volume.revision), "it is shown")
    driver.frames(2)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A red picture with a blue right half, transparent at the bottom."""
    pixels = np.zeros((120, 200, 4), np.uint8)
    pixels[..., 0], pixels[..., 3] = 250, 255
    pixels[:, 100:] = (0, 0, 250, 255)
    pixels[90:, :, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "flag.png")
    return tmp_path / "flag.png"


def opened(drive: Driver, path: Path) -> None:
    drive.explorer.do("drop", [path])
    drive.until(lambda: drive.explorer.state.source is not None, "the picture is read")
    drive.frames(4)


def asked(drive: Driver) -> Request:
    """What the worker is asked for by hand, once it was looked what there is to be seen; till then it may dream the view by itself."""
    painter = drive.explorer.state.open_scene.painter
    drive.until(lambda: painter.client.running is not None and painter.client._take is not None, "it is asked for")
    return painter.client.running


def laid(drive: Driver, strokes: int = 1) -> None:
    drive.worker.held = False
    drive.until(lambda: len(drive.explorer.state.strokes) == strokes, "it is laid", 2000)
    drive.worker.held = True
    done(drive)


def shown(drive: Driver) -> np.ndarray:
    """uint8 [H,W,3] of the scene, without what lies over it."""
    x, y, width, height = (int(n) for n in drive.explorer.shell.scene_box)
    drive.explorer.state.overlays.toasts.clear()
    drive.frames(2)
    screen, volume = drive.explorer.services.viewport, drive.explorer.state.open_scene.volume
    drive.until(lambda: screen.is_settled(volume.revision), "what is new is drawn")
    drive.frames()
    return drive.pixels()[y : y + height, x : x + width]


def test_a_picture_is_splatted_as_it_is_and_taken_back(painted: Driver, picture: Path) -> None:
    before = world(painted)
    opened(painted, picture)
    assert painted.explorer.state.source.name == "flag.png" and not painted.errors()
    plain = shown(painted)
    painted.tap("x")
    request = asked(painted)
    assert not request.canvas.change.any() and (request.canvas.guide.colours[..., 3] == 255).all()
    laid(painted)
    after = shown(painted).astype(int)
    height, width = after.shape[:2]
    left, right = after[height // 3, width // 4], after[height // 3, 3 * width // 4]
    assert left[0] > 200 and left[2] < 60 and right[2] > 200 and right[0] < 60
    bottom = np.s_[int(height * 0.85) : int(height * 0.95), width // 10 : -width // 10]
    assert np.abs(after[bottom] - plain[bottom]).mean() < 3  # transparent there
    assert texels(painted, FROZEN) > 50
    chord(painted, "z")
    assert same(world(painted), before) and not painted.errors()
    chord(painted, "y")
    assert texels(painted, FROZEN) > 50


def test_the_edge_of_a_picture_is_not_cut_along_texels(painted: Driver, tmp_path: Path) -> None:
    """A disc on paint: nothing but the disc changes, though texels are as large as eight of their pixels."""
    with_sky(painted)
    disc = Image.new("RGBA", (400, 400))
    ImageDraw.Draw(disc).ellipse((20, 20, 380, 380), fill=(250, 0, 250, 255))
    disc.save(tmp_path / "disc.png")
    opened(painted, tmp_path / "disc.png")
    plain = shown(painted).astype(int)
    painted.explorer.do("splat", False)
    asked(painted)
    laid(painted)
    changed = np.abs(shown(painted) - plain).max(axis=2) > 40
    height, width = changed.shape
    side = min(height, width)
    radius = np.hypot(*(np.indices(changed.shape) + 0.5 - np.array([height, width])[:, None, None] / 2)) / side
    inside, outside = changed[radius < 0.44], changed[(radius > 0.46) & (radius < 0.52)]
    assert inside.mean() > 0.97 and outside.mean() < 0.02 and not painted.errors()


def test_undo_waits_for_a_picture_that_is_being_laid(
    painted: Driver, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took back what was changed before the picture, and the picture stayed."""
    monkeypatch.setattr("app.services.texel_strokes.BUDGET", 0.0)
    explorer, volume, before = painted.explorer, painted.explorer.state.open_scene.volume, world(painted)
    opened(painted, picture)
    explorer.state.session = replace(explorer.state.session, view=replace(explorer.state.session.view, speed=7.0))
    painted.frames(2)
    explorer.do("splat", False)
    request = asked(painted)
    painted.worker.held = False
    painted.until(lambda: volume.busy and volume.revision == request.gathered.revision, "it is begun, not done", 2000)
    painted.worker.held = True
    explorer.do("undo")
    painted.until(lambda: len(explorer.state.history.future) == 1, "it is laid, and is to be taken back", 4000)
    painted.frames(3)
    done(painted)
    assert explorer.state.strokes == () and explorer.state.session.view.speed == 7.0
    assert same(world(painted), before)
    explorer.do("undo")
    painted.frames(2)
    assert explorer.state.session.view.speed != 7.0 and not painted.errors()


@pytest.mark.parametrize("freeze", [True, False])
def test_a_picture_is_laid_piece_by_piece_as_it_would_be_at_once(
    painted: Driver, picture: Path, monkeypatch: pytest.MonkeyPatch, freeze: bool
) -> None:
    explorer, volume, told = painted.explorer, painted.explorer.state.open_scene.volume, []
    scatter_task = volume.scatter_task
    monkeypatch.setattr(
        volume, "scatter_task", lambda *what, **which: told.append((what, which)) or scatter_task(*what, **which)
    )
    monkeypatch.setattr("app.services.texel_strokes.BUDGET", 0.0)
    before = world(painted)
    opened(painted, picture)
    explorer.do("splat", freeze)
    request = asked(painted)
    painted.worker.held = False
    painted.until(lambda: volume.busy and volume.revision == request.gathered.revision, "it is begun, not done", 2000)
    painted.until(lambda: not volume.busy, "it is done in later frames", 2000)
    laid(painted)
    (what, which), piecewise = told[-1], world(painted)
    chord(painted, "z")
    assert same(world(painted), before)
    volume.scatter(*what, **which)
    if freeze:
        list(apply_operation(volume, which["only_texels"], "freeze"))
    whole = world(painted)
    assert whole.pages.keys() == piecewise.pages.keys() and not same(whole, before) and not painted.errors()
    for number, page in whole.pages.items():
        mine = piecewise.pages[number]
        page["state"], mine["state"] = (np.delete(p["state"], REVISION, -1) for p in (page, mine))  # it counts changes
    assert same(whole, piecewise)


def test_a_view_is_dreamed_from_a_picture(painted: Driver, picture: Path) -> None:
    explorer, before = painted.explorer, world(painted)
    opened(painted, picture)
    explorer.do("dream_picture", 0.4, False)
    request = asked(painted)
    assert (
        request.settings.strength == 0.4
        and request.canvas.guide.known_mask.all()
        and (request.canvas.change == 1).all()
    )
    assert request.canvas.guide.latents is None and request.canvas.surface.region_ids is None
    laid(painted)
    assert texels(painted, FROZEN) == 0 and not same(world(painted), before)
    assert explorer.state.open_scene.painter.client.dreamed.image.std() > 10
    chord(painted, "z")
    assert same(world(painted), before) and not painted.errors()


def test_marks_are_dreamed_anew_softly_and_nothing_else(painted: Driver) -> None:
    with_sky(painted)
    explorer = painted.explorer
    explorer.do("brush", "mask")
    explorer.state.brush.radius = 60.0
    painted.drag(middle(painted, -0.1, 0.1), middle(painted, 0.1, 0.1))
    assert explorer.state.brush.mask.of(explorer.state.camera).max() == 1 and explorer.state.strokes == ()
    explorer.do("brush", "")
    explorer.do("freeze_material", SKY)
    done(painted)
    before = world(painted)
    explorer.do("inpaint", "a wooden door", 0.8, True)
    canvas = asked(painted).canvas
    assert canvas.regions[-1].prompt == "a wooden door"
    assert 0 < (canvas.surface.region_ids == len(canvas.regions) - 1).mean() < 0.5
    assert 0 < canvas.change.mean() < 0.5 and ((canvas.change > 0.05) & (canvas.change < 0.95)).any()
    np.testing.assert_allclose(sum(region.mask for region in canvas.regions), 1, atol=1e-5)
    laid(painted, 2)
    changed = kept = 0
    for number, page in world(painted).pages.items():
        old = before.pages[number]
        same_state = (page["state"] == old["state"]).all(-1)
        assert same_state[old["state"][..., FROZEN] > 0].all()
        changed += int((~same_state).sum())
        kept += int((same_state & (old["state"][..., STEPS] > 0)).sum())
    assert 5 < changed < kept
    chord(painted, "z")
    assert same(world(painted), before) and not painted.errors()


def test_marks_that_are_dreamed_hide_nothing_and_come_back_with_the_brush(painted: Driver) -> None:
    explorer, plain = painted.explorer, shown(painted)
    explorer.do("brush", "mask")
    painted.drag(middle(painted, -0.1, 0.1), middle(painted, 0.1, 0.1))
    explorer.do("brush", "")
    marked = shown(painted)
    assert (marked != plain).any()
    explorer.do("inpaint", "a wooden door", 0.8, False)
    asked(painted)
    assert (shown(painted) == plain).all()
    explorer.do("brush", "mask")
    painted.mouse(400, 5)  # on the menu, where no brush is drawn
    assert (shown(painted) == marked).all() and explorer.state.brush.mask.of(explorer.state.camera) is not None
    explorer.do("brush", "")
    assert (shown(painted) == plain).all() and not painted.errors()


def test_marks_belong_to_one_view_and_without_any_nothing_is_asked(painted: Driver) -> None:
    explorer = painted.explorer
    explorer.do("inpaint", "", 1.0, True)
    painted.frames(10)
    assert explorer.state.open_scene.painter.client.running is None
    explorer.do("brush", "mask")
    painted.drag(middle(painted), middle(painted, 0.1))
    assert explorer.state.brush.mask.of(explorer.state.camera) is not None
    explorer.do("brush", "unmask")
    explorer.state.brush.radius = 200.0
    painted.drag(middle(painted), middle(painted, 0.1))
    assert explorer.state.brush.mask.of(explorer.state.camera) is None or explorer.state.brush.mask.values.max() < 0.5
    explorer.state.travel.go_to = explorer.state.camera.with_changes(fov=70.0, position=(4.0, 2.5, 6.0))
    painted.frames(3)
    assert explorer.state.brush.mask.of(explorer.state.camera) is None


@pytest.mark.parametrize("surface", [True, False])
def test_an_anagram_has_two_prompts_on_its_surface(painted: Driver, surface: bool) -> None:
    explorer, before = painted.explorer, world(painted)
    explorer.state.travel.go_to = Camera.from_angles((4.5, 1.4, 5.5), 0.0, -5.0, 60.0)
    painted.frames(3)
    explorer.do("anagram", ("an owl", "a castle"), "rotate_180", surface, True)
    request = asked(painted)
    assert request.canvas.surface.region_ids is None
    assert [r.prompt for r in request.canvas.regions] == ["an owl"] and request.canvas.anagrams[0].prompt == "a castle"
    assert (request.gathered.camera.position != explorer.state.camera.position) == surface
    laid(painted)
    charts = explorer.state.open_scene.plan.charts
    owners = {
        int(charts.owner_map(number)[y, x])
        for number, page in world(painted).pages.items()
        for y, x in np.argwhere(page["state"][..., FROZEN] > 0)
    }
    assert (len(owners) == 1) == surface and -1 not in owners
    chord(painted, "z")
    assert texels(painted) == sum(int((p["state"][..., STEPS] > 0).sum()) for p in before.pages.values())
    assert not painted.errors()


def test_a_job_lives_through_walking_and_ends_with_cancel(painted: Driver, picture: Path) -> None:
    explorer, before = painted.explorer, world(painted)
    opened(painted, picture)
    explorer.do("splat", False)
    asked(painted)
    explorer.state.travel.go_to = explorer.state.camera.with_changes(position=(4.0, 2.5, 6.0))
    painted.frames(10)
    assert explorer.state.open_scene.painter.client.running is not None and "picture" in explorer.status
    explorer.do("cancel")
    painted.frames(3)
    assert explorer.state.open_scene.painter.client.running is None or "picture" not in explorer.status
    assert explorer.state.strokes == () and same(world(painted), before)


def test_the_last_dream_is_saved_with_its_settings(painted: Driver) -> None:
    explorer = painted.explorer
    explorer.shell.bring_to_front("Image")
    painted.frames(6)
    explorer.do("save_picture")
    pictures = explorer.state.folders.pictures
    painted.until(lambda: any(pictures.glob("rayverie-*.png")), "it is written")
    path = next(pictures.glob("rayverie-*.png"))
    painted.until(lambda: not explorer.services.io.busy, "the errand ends")
    session, camera = read_screenshot(path)
    assert session.dream == explorer.state.session.dream
    np.testing.assert_allclose(camera.position, explorer.state.camera.position)
    assert np.asarray(Image.open(path)).shape == explorer.state.open_scene.painter.client.dreamed.image.shape
    assert not painted.errors()


def test_a_file_that_is_no_picture_is_one_sentence(painted: Driver, tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 not a picture")
    painted.explorer.do("drop", [tmp_path / "broken.jpg"])
    painted.until(lambda: bool(painted.errors()), "it is told")
    assert "broken.jpg" in painted.errors()[0] and painted.explorer.state.source is None
    with pytest.raises(InputError, match="does not exist"):
        read_picture(tmp_path / "nowhere.png")


def test_a_camera_straight_before_each_chart(painted: Driver) -> None:
    charts = painted.explorer.state.open_scene.plan.charts
    for chart in np.flatnonzero(~charts.sky):
        camera = frontal_camera(charts, int(chart))
        clip = np.c_[charts.corners[chart], np.ones(4)] @ camera.matrix((100, 100)).T
        ndc = clip[:, :2] / clip[:, 3:]
        assert (np.abs(ndc) <= 1 + 1e-6).all() and (clip[:, 3] > 0).all()
        origin, along, down = ndc[0], ndc[1], ndc[2]  # upright, as its atlas picture is
        assert along[0] > origin[0] and abs(along[1] - origin[1]) < 1e-6 and down[1] < origin[1]


def test_the_outline_of_a_surface_encloses_its_visible_part(painted: Driver) -> None:
    plan, size = painted.explorer.state.open_scene.plan, (120, 80)
    for camera in (
        Camera.from_angles((4.5, 1.4, 5.5), 0.0, -5.0, 60.0),
        Camera.from_angles((2.5, 0.9, 2.5), 130.0, -40.0, 90.0),
    ):
        hits = cast_rays(plan.blocks, camera, size)
        seen = plan.charts.find_texels(hits.voxel, hits.side)[0]
        for chart in set(seen[seen >= 0].tolist()):
            points = outline(plan.charts.corners[chart], camera.matrix(size)) * (60, -40) + (60, 40)
            assert len(points) > 2
            inside = Image.new("1", size)
            ImageDraw.Draw(inside).polygon([tuple(point) for point in points], fill=1, outline=1)
            assert np.asarray(inside)[seen == chart].mean() > 0.97  # pixels at the rim are half in
    behind = Camera.from_angles((4.0, 30.0, 4.0), 0.0, 90.0, 60.0)
    assert len(outline(plan.charts.corners[0], behind.matrix(size))) == 0


def test_the_surface_that_an_anagram_would_take_is_outlined(painted: Driver) -> None:
    explorer = painted.explorer
    explorer.state.travel.go_to = Camera.from_angles((4.5, 1.4, 5.5), 0.0, -5.0, 60.0)
    explorer.shell.bring_to_front("Image")
    painted.frames(8)
    plain = shown(painted).astype(int)
    left, _, width, _ = explorer.shell.scene_box
    column, bottom = int(left + width + 60), painted.window.size[1]
    for row in range(bottom - 20, int(bottom * 0.55), -12):  # wherever the font puts the anagram's part
        painted.mouse(column, row)
        painted.window.native.dispatch_event("on_mouse_scroll", column, bottom - row, 0.0, -3.0)
        changed = np.abs(shown(painted).astype(int) - plain).max(-1) > 60
        if changed.sum() > 100:
            break
    assert 100 < changed.sum() < 0.2 * changed.size and not painted.errors()


def test_pointing_at_splat_shows_the_picture_on_the_scene(painted: Driver, picture: Path) -> None:
    opened(painted, picture)
    painted.explorer.shell.bring_to_front("Image")
    painted.frames(8)
    before, plain = world(painted), shown(painted).astype(int)
    left, top, width, _ = painted.explorer.shell.scene_box
    column, bottom = int(left + width + 260), painted.window.size[1]
    for row in range(int(bottom * 0.65), bottom - 10, 8):  # wherever the font puts the button
        painted.mouse(column, row)
        seen = shown(painted).astype(int)
        if (np.abs(seen - plain).max(-1) > 60).mean() > 0.2:
            break
    height, width = seen.shape[:2]
    first, second = seen[height // 3, width // 4], seen[height // 3, 3 * width // 4]
    assert (seen[: height // 8] == plain[: height // 8]).all()  # all of the picture is shown, so the view is not filled
    assert first[0] > first[2] and second[2] > second[0] and same(world(painted), before)
    painted.mouse(left + 30, top + 30)
    assert (shown(painted) == plain).all() and not painted.errors()
