"""The sky as a panorama of its own, on real GL with a model that answers at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.loop.paint_now import paint_view
from app.loop.painter import Painter
from app.loop.sky import AROUND, face_texels, find_lacking, sky_canvas
from app.session import LiveSettings, Session
from diffusion.settings import DreamSettings
from engine.atlas.page import DENSITY, FROZEN, STEPS
from engine.atlas.views import Part
from engine.edits.patch import apply_operation
from engine.geometry import sides
from engine.geometry.sky import SKY_TEXELS
from engine.geometry.sky_faces import ABOVE, BELOW, FACE, MARGIN, SIDE, face_camera, faces_in_view
from scenes.camera import Camera
from scenes.scene import SKY, Background

SIZE = (160, 90)
HERE = Camera.look_at((4.0, 2.2, 7.5), (4.0, 1.0, 2.0), fov=70)
AHEAD = 4  # the face that it shows


@pytest.fixture
def painter(make_painter):
    return make_painter(Session(dream=DreamSettings(steps=2), live=LiveSettings(rest=0.0, refine=False)))


def sky_of(painter: Painter) -> bytes:
    """All paint of the sky, without the revisions that painted it."""
    charts, pages, found = painter.volume.charts, painter.volume.snapshot().pages, b""
    for chart in np.flatnonzero(charts.sky):
        page, x, y = pages[int(charts.page[chart])], int(charts.x[chart]), int(charts.y[chart])
        rows, columns = (slice(n, n + SKY_TEXELS) for n in (y, x))
        colour = page["colour"][8 * y : 8 * (y + SKY_TEXELS), 8 * x : 8 * (x + SKY_TEXELS)]
        found += page["latents"][:, rows, columns].tobytes() + colour.tobytes()
        found += page["state"][rows, columns][..., [STEPS, DENSITY, FROZEN]].tobytes()
    return found


def lacking(painter: Painter) -> set[int]:
    return {side for side, texels in find_lacking(painter.volume, 2).items() if texels.any()}


def test_the_camera_of_a_face_shows_each_of_its_texels_as_a_latent_pixel(painter) -> None:
    charts, cells = painter.volume.charts, MARGIN // 8
    for side in range(6):
        gathered = painter.volume.gather(face_camera(side), (SIDE, SIDE), part=Part.SKY)
        inner = np.s_[cells:-cells, cells:-cells]
        chart = gathered.chart[inner]
        assert (charts.side[chart] == side).all() and (gathered.density > 0)[inner].all()
        assert (charts.side[gathered.chart] != side).sum() == (SIDE // 8) ** 2 - (FACE // 8) ** 2
        rows, columns = np.mgrid[: FACE // 8, : FACE // 8]
        found = gathered.texel[inner] - np.stack([charts.page[chart], charts.y[chart], charts.x[chart]], -1)
        assert (found == np.stack([0 * rows, rows, columns], -1)).all()


def test_which_faces_a_view_shows() -> None:
    assert faces_in_view(HERE, SIZE)[0] == AHEAD
    assert faces_in_view(Camera.from_angles((0, 0, 0), 0, 90), SIZE)[0] == ABOVE
    assert faces_in_view(Camera.from_angles((0, 0, 0), 0, -90), SIZE)[0] == BELOW
    turned = faces_in_view(Camera.from_angles((0, 0, 0), 38, 0, 40), SIZE)
    assert len(turned) == 2 and turned[0] == AHEAD
    for yaw in range(0, 360, 90):
        camera = Camera.from_angles((0, 0, 0), yaw, 0, 40)
        assert np.allclose(sides.NORMAL[faces_in_view(camera, SIZE)[0]], -camera.axes[2], atol=1e-9)


def test_a_face_of_which_a_view_shows_only_a_sliver_is_found() -> None:
    """Every face that any pixel shows, and none that a slightly larger view doesn't."""
    random = np.random.default_rng(4)
    slivers = 0
    for yaw, pitch, fov in random.uniform((0, -89, 20), (360, 89, 100), (150, 3)):
        camera = Camera.from_angles((3.0, 2.0, 1.0), yaw, pitch, fov)
        seen, around = (
            np.bincount(np.argmax(view.rays(SIZE).reshape(-1, 3) @ -sides.NORMAL.T, 1), minlength=6)
            for view in (camera, camera.with_changes(fov=fov + 2))
        )
        found = set(faces_in_view(camera, SIZE))
        assert set(np.flatnonzero(seen)) <= found <= set(np.flatnonzero(around)), (yaw, pitch, fov)
        slivers += int(((seen > 0) & (seen < 40)).any())
    assert slivers > 3


def test_views_leave_the_sky_as_the_panorama_painted_it(painter, fake_dream) -> None:
    paint_view(painter, HERE, SIZE)
    before, dreams = sky_of(painter), painter.client.dreams
    gathered = painter.requests.gather(HERE, SIZE)
    sky = gathered.material == SKY
    assert sky.any() and (gathered.steps[sky] == 2).all() and not gathered.edge_contaminated[sky].any()
    painter.volume.scatter(gathered, replace_solid(gathered))
    paint_view(painter, HERE.with_changes(fov=35), SIZE)  # so much nearer that all that it shows is painted anew
    assert painter.client.dreams > dreams and sky_of(painter) == before


def replace_solid(gathered):
    """A view painted with so many steps that it wins wherever it may."""
    from tests.engine.village import dreamed

    return dreamed(gathered.camera, steps=50, size=gathered.size)


def test_the_sky_beside_a_silhouette_is_the_same_as_without_one(painter) -> None:
    """Dreamed with cameras that see nothing else, so no outline of a building can be in it."""
    here = HERE.with_changes(fov=50)  # so narrow that it does not show the sky below, from anywhere
    paint_view(painter, here, SIZE)
    before = sky_of(painter)
    away = here.with_changes(position=(300.0, 90.0, 300.0))
    painter.volume.erase()
    painter.reset_failures()
    assert paint_view(painter, away, SIZE) > 0
    assert sky_of(painter) == before


def test_at_rest_the_whole_panorama_follows_the_view(painter, fake_dream) -> None:
    for k in range(40):
        painter.update(HERE, SIZE, 0.1 * k)
    assert lacking(painter) == {BELOW} and painter.status_text == "this view is finished"
    assert painter.client.dreams == 2 + len(AROUND)  # a sketch of the view, then all steps
    painter.update(Camera.from_angles((4.0, 60.0, 60.0), 180.0, -60.0), SIZE, 9.0)
    for k in range(20):
        painter.update(Camera.from_angles((4.0, 60.0, 60.0), 180.0, -60.0), SIZE, 10 + 0.1 * k)
    assert lacking(painter) == set()  # now it was seen


def test_without_a_sky_it_stays_bare(painter) -> None:
    painter.session = replace(painter.session, paint=replace(painter.session.paint, sky=False))
    assert paint_view(painter, HERE, SIZE) == 1 and len(lacking(painter)) == 6


def test_another_prompt_repaints_it_except_what_is_frozen(painter, fake_dream) -> None:
    paint_view(painter, HERE, SIZE)
    texels = np.zeros((SKY_TEXELS, SKY_TEXELS), bool)
    texels[:20] = True
    ((page, held),) = face_texels(painter.volume.charts, AHEAD, texels).items()
    free = face_texels(painter.volume.charts, AHEAD, ~texels)[page]
    for _ in apply_operation(painter.volume, {page: held}, "freeze"):
        pass
    painter.volume.revision += 1
    before = painter.volume.snapshot().pages[page]
    painter.client.scene = replace(painter.scene, background=Background("a red dusk"))
    assert paint_view(painter, HERE, SIZE) >= 1
    after = painter.volume.snapshot().pages[page]
    changed = (after["state"] != before["state"]).any(-1)
    assert not changed[held].any() and changed[free].all()
    assert paint_view(painter, HERE, SIZE) == 0


def test_what_is_erased_is_painted_again_and_the_rest_guides_it(painter, fake_dream) -> None:
    paint_view(painter, HERE, SIZE)
    charts = painter.volume.charts
    texels = np.zeros((64, 64), bool)
    texels[20:30, 20:30] = True
    hole = face_texels(charts, AHEAD, texels)
    for _ in apply_operation(painter.volume, hole, "erase"):
        pass
    painter.volume.revision += 1
    painter.reset_failures()
    before = painter.volume.snapshot().pages
    gathered = painter.volume.gather(face_camera(AHEAD), (SIDE, SIDE), part=Part.SKY)
    canvas = sky_canvas(gathered, charts, painter.scene, find_lacking(painter.volume, 2))
    assert canvas.guide is not None and canvas.guide.known_mask is not None
    cells = MARGIN // 8
    assert (canvas.change[cells:-cells, cells:-cells] > 0)[texels].all()
    assert not canvas.change[cells:-cells, cells:-cells][~texels].any()
    assert paint_view(painter, HERE, SIZE) == 1
    after, (page,) = painter.volume.snapshot().pages, hole
    changed = (after[page]["state"] != before[page]["state"]).any(-1)
    assert (changed == hole[page]).all()


def test_a_face_that_cannot_be_dreamed_is_not_tried_for_ever(painter, fake_dream) -> None:
    whole = painter.session
    painter.session = replace(whole, paint=replace(whole.paint, sky=False))
    paint_view(painter, HERE, SIZE)
    painter.session, fake_dream.error = whole, ValueError("broken")
    for k in range(20):
        painter.update(HERE, SIZE, 0.1 * k)
    asked = len(fake_dream.asked)
    fake_dream.error = None
    for k in range(20, 30):
        painter.update(HERE, SIZE, 0.1 * k)
    assert len(fake_dream.asked) == asked and len(lacking(painter)) == 6
    painter.reset_failures()
    for k in range(30, 60):
        painter.update(HERE, SIZE, 0.1 * k)
    assert lacking(painter) == {BELOW}


def test_while_one_walks_faces_of_the_sky_and_sketches_take_turns(painter, fake_dream) -> None:
    """A face takes as long as many sketches, and surfaces would stay bare until all faces in view are painted."""
    session = painter.session
    live = replace(session.live, rest=1.0, moving_steps=2)
    painter.session = replace(session, live=live, dream=replace(session.dream, steps=6))
    for k in range(40):
        camera = Camera.from_angles((4.0, 2.2 + 0.1 * k, 7.5), 30.0 * k, -10.0)
        painter.update(camera, SIZE, 0.3 * k)
    sketches = [settings.steps == 2 for settings in fake_dream.asked]
    assert sketches[:4] == [True, False, True, False]
