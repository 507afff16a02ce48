"""Meshes are painted by views around them, and refined by close-ups where sheets paint the rest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.loop.autopilot import SIZE as VIEW
from app.loop.autopilot import viewpoints
from app.loop.mesh_views import mesh_views
from app.loop.paint_now import paint_view
from app.loop.painter import Painter
from app.loop.refining import refiner_of
from app.loop.view_framing import canvas_size, widen_camera
from app.session import LiveSettings, PaintSettings, Session
from diffusion.settings import DreamSettings
from engine.atlas import policy
from engine.atlas.page import STEPS
from engine.atlas.views import Part
from engine.geometry.charts import build_charts
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from scenes.scene import Scene
from tests.scenes.mesh_files import drum_mesh, drum_on_lawn

SIZE = (320, 180)
HERE = Camera.look_at((4.0, 2.4, 7.8), (4.0, 2.2, 4.0), fov=60)


def floating() -> Scene:
    """A drum over a lawn, visible from below, too."""
    return replace(drum_on_lawn(), meshes=(drum_mesh("marble", position=(4.0, 1.5, 4.0), scale=2.0),))


@pytest.fixture(scope="module")
def stage():
    scene = floating()
    return scene, build_charts(extrude_scene(scene), scene)


@pytest.fixture
def painter(make_painter, fake_model) -> Painter:
    fake_model.knows_surfaces = True
    live = LiveSettings(rest=0.5, moving_steps=2)
    return make_painter(Session(dream=DreamSettings(steps=6), live=live, paint=PaintSettings(sky=False)))


def painted(painter: Painter) -> np.ndarray:
    """bool [t]: the texels that triangles own and that are painted."""
    charts, pages = painter.volume.charts, painter.volume.snapshot().pages
    chart, i, j = charts.meshes.owned_texels
    state = np.stack([pages[n]["state"] if n in pages else np.zeros((256, 256, 4)) for n in range(charts.pages)])
    return state[charts.page[chart], charts.y[chart] + j, charts.x[chart] + i, STEPS] > 0


def test_the_views_around_a_mesh_show_all_of_it() -> None:
    scene = floating()
    cameras = mesh_views(scene)
    corners = scene.meshes[0].corners.reshape(-1, 3)
    for camera in cameras:
        x, y, z = ((corners - camera.position) @ camera.axes.T).T
        assert (z > 0).all() and (np.hypot(x, y) < z * np.tan(np.radians(camera.fov) / 2)).all()
        assert camera.position[1] > 0.5
    assert viewpoints(scene)[-len(cameras) :] == cameras and mesh_views(replace(scene, meshes=())) == []


def test_painting_these_views_paints_the_mesh(painter) -> None:
    for camera in mesh_views(painter.scene):
        paint_view(painter, camera, VIEW)
    charts = painter.volume.charts
    chart = charts.meshes.owned_texels[0]
    shown = charts.normal[chart, 1] > -0.5  # nobody looks at it from below
    assert painted(painter)[shown].mean() > 0.95


def test_a_resting_view_refines_its_meshes_too(painter) -> None:
    words: list[str] = []
    while words[-5:] != 5 * ["this view is finished"]:
        painter.update(HERE, SIZE, 0.01 * len(words))
        words.append(painter.status_text)
        assert len(words) < 900
    canvas = canvas_size(SIZE, SIZE[1], 16)
    gathered = painter.volume.gather(widen_camera(HERE, SIZE[1], canvas[1]), canvas, part=Part.SOLID)
    own = (gathered.material == 1) & policy.claimable_mask(gathered)
    own[:2] = own[-2:] = own[:, :2] = own[:, -2:] = False
    assert own.sum() > 50 and policy.final_mask(gathered, 6)[own].mean() > 0.9


def test_a_close_up_whose_surfaces_are_painted_is_not_dreamed_again(painter) -> None:
    paint_view(painter, HERE, VIEW)
    side = (48, 48)
    gathered = painter.volume.gather(HERE, side, part=Part.SOLID)
    refiner = refiner_of(painter.volume, painter.requests.model, enough=0.9)
    assert not policy.claimable_mask(gathered).all()  # the sky is no part of it
    assert policy.coverage(gathered, 6) > 0.95 and not refiner.is_lacking(gathered, 6)
