"""The live figures on a real volume: nothing drifts, what changes is told, and what can't be known is not made up."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest

from app.loop.inline_worker import InlineWorker
from app.loop.meter import Meter, Reading, number_planes
from app.loop.open_scene import OpenScene, plan
from app.loop.paint_drift import DriftTracker, PageSnapshot
from app.loop.paint_now import paint_view
from app.session import Session
from diffusion.settings import DreamSettings
from engine.atlas.visibility import locate_pixels
from engine.edits.patch import apply_operation
from engine.geometry.pack import PAGE
from engine.gl.time_sliced import TimeSlicedTask
from scenes.camera import Camera
from scenes.load import load_scene

SIZE = (320, 180)
HERE = Camera.look_at((4.0, 2.2, 7.5), (4.0, 1.0, 2.0), fov=70)
AWAY = Camera.from_angles((4.0, 2.2, 4.0), 180.0, 0.0, 70)
NEAR = Camera.look_at((4.0, 1.6, 4.6), (4.0, 1.0, 2.0), fov=50)


@pytest.fixture
def open_scene(ctx, tiny_scene, fake_model, fake_dream):
    session = Session(dream=DreamSettings(steps=3))
    open_scene = OpenScene(ctx, plan(load_scene(tiny_scene)), session, InlineWorker(fake_model, fake_dream))
    open_scene.painter.collect()
    yield open_scene
    open_scene.release()


@pytest.fixture
def read(open_scene):
    """camera → the next reading from there."""
    meter, clock = Meter(), [0.0]

    def read(camera: Camera = HERE) -> Reading:
        last, clock[0] = meter.readings[-1] if meter.readings else None, clock[0] + 2
        for _ in range(2000):
            meter.update(open_scene, camera, SIZE, clock[0])
            if meter.readings and meter.readings[-1] is not last:
                return meter.readings[-1]
            time.sleep(0.001)
        raise AssertionError("no reading")

    read.meter, read.clock = meter, clock
    return read


def test_a_bare_view_has_nothing_to_say(open_scene, read) -> None:
    bare = read()
    assert (bare.painted, bare.finished, bare.calls) == (0, 0, 0)
    assert all(math.isnan(x) for x in (bare.changed, bare.kept, bare.seams, bare.sharpness))


def test_what_is_painted_stays_and_what_is_dreamed_anew_is_told(open_scene, read) -> None:
    read()
    paint_view(open_scene.painter, HERE, SIZE)
    first = read()
    assert first.painted > 0.95 and first.finished >= 0.95 and first.calls == 3 * open_scene.painter.client.dreams
    assert paint_view(open_scene.painter, AWAY, SIZE)
    again = read()
    assert again.changed == 0 and again.kept > 0.9
    assert paint_view(open_scene.painter, NEAR, SIZE)
    refined = read()
    assert refined.changed == 0 and refined.kept < 1  # finer now, where one went near


def test_paint_that_somebody_meddled_with_is_drift(open_scene, read) -> None:
    paint_view(open_scene.painter, HERE, SIZE)
    read()
    page = open_scene.volume.atlas[0]
    colour = page.read()["colour"].copy()
    colour[..., :3] = 255 - colour[..., :3]
    page.colour.write(np.ascontiguousarray(colour))
    page.overview_outdated = True
    open_scene.volume.revision += 1
    assert read().changed > 20


def test_a_view_is_measured_once_and_no_more_than_each_second(open_scene, read) -> None:
    paint_view(open_scene.painter, HERE, SIZE)
    read()
    for k in range(100):
        read.meter.update(open_scene, HERE, SIZE, read.clock[0] + k)
    assert len(read.meter.readings) == 1
    for _ in range(100):  # another camera, too soon
        read.meter.update(open_scene, NEAR, SIZE, read.clock[0] + 0.5)
    assert len(read.meter.readings) == 1


def test_sharpness_is_told_of_a_view_that_was_dreamed_just_now(open_scene, read) -> None:
    paint_view(open_scene.painter, HERE, SIZE)
    rng = np.random.default_rng(0)
    dreamed = open_scene.painter.client.dreamed
    image = rng.integers(0, 255, dreamed.image.shape).astype(np.uint8)
    open_scene.painter.client.dreamed = replace(dreamed, image=image)
    assert read().sharpness < 0.2  # the surfaces are plain
    assert math.isnan(read(NEAR).sharpness)


def test_another_world_is_not_compared_with_the_one_before(open_scene, read) -> None:
    paint_view(open_scene.painter, HERE, SIZE)
    world = open_scene.volume.snapshot()
    assert paint_view(open_scene.painter, AWAY, SIZE)
    read()
    open_scene.volume.restore(world)
    assert math.isnan(read().changed)


def test_erased_paint_is_neither_drift_nor_kept(open_scene, read) -> None:
    paint_view(open_scene.painter, HERE, SIZE)
    read()
    for _ in apply_operation(open_scene.volume, open_scene.volume.find_visible_texels(HERE, SIZE), "erase"):
        pass
    open_scene.volume.revision += 1
    assert math.isnan(read().changed) or read(NEAR).changed == 0


def test_drift_compares_with_the_first_finished_paint() -> None:
    rng = np.random.default_rng(1)

    def page(revision: float, colour: int) -> PageSnapshot:
        return PageSnapshot(
            np.full((PAGE, PAGE), revision, np.float32), np.full((PAGE, 2, PAGE, 2, 4), colour, np.uint8)
        )

    places = np.concatenate([np.zeros((50, 1), int), rng.integers(0, PAGE, (50, 2))], axis=1)
    drift = DriftTracker()
    assert all(math.isnan(x) for x in drift.update({0: page(1, 10)}, places[:25]))
    assert drift.update({0: page(1, 10)}, places) == (0, 1)
    assert drift.update({0: page(1, 14)}, places[:0]) == (4, 1)
    moved, kept = drift.update({0: page(2, 90)}, places)
    assert math.isnan(moved) and kept == 0


def test_pixels_find_their_texels_and_planes_are_one_surface(open_scene) -> None:
    volume, charts = open_scene.volume, open_scene.plan.charts
    chart = TimeSlicedTask(volume.ctx, volume.draw_charts_slices(HERE, SIZE)).run_to_end()
    texel = locate_pixels(charts, HERE, chart)
    gathered = volume.gather(HERE, (8 * SIZE[0], 8 * SIZE[1]), colours=False)
    assert (texel == gathered.texel).all(axis=-1).mean() > 0.995
    plane = number_planes(charts)
    for number in np.unique(plane):
        mine = plane == number
        assert len(set(zip(charts.material[mine], charts.side[mine] * ~charts.sky[mine], strict=True))) == 1
    assert len(np.unique(plane)) < len(charts)
