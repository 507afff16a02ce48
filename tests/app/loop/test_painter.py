"""The loop without a window, on real GL with a model that answers at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.loop.dreaming import canvas_from
from app.loop.messages import Failed
from app.loop.painter import Painter, beside, canvas_size, left_behind, surrounding
from app.loop.worker import InlineWorker
from app.session import LiveSettings, Session
from diffusion.canvas import DreamSettings
from engine import policy
from engine.charts import build_charts
from engine.context import headless
from engine.volume import LatentVolume
from scenes.camera import Camera
from scenes.extrude import extrude
from scenes.load import load_scene

SIZE = (320, 180)
HERE = Camera.look_at((4.0, 2.2, 7.5), (4.0, 1.0, 2.0), fov=70)
THERE = Camera.look_at((0.5, 2.2, 6.5), (7.0, 1.0, 4.0), fov=70)


@pytest.fixture(scope="module")
def stage(tiny_scene):
    scene, ctx = load_scene(tiny_scene), headless()
    yield scene, ctx, build_charts(extrude(scene), scene)
    ctx.release()


@pytest.fixture
def painter(stage, fake_model, fake_dream):
    scene, ctx, charts = stage
    volume = LatentVolume(ctx, charts, fake_model.channels)
    session = Session(dream=DreamSettings(steps=6), live=LiveSettings(rest=0.5, moving_steps=2, refine=False))
    yield Painter(volume, InlineWorker(fake_model, fake_dream), scene, session)
    volume.free()


def live(painter: Painter, camera: Camera, seconds: list[float]) -> None:
    for now in seconds:
        painter.update(camera, SIZE, now)


@given(st.integers(64, 4000), st.integers(64, 4000), st.integers(1, 600), st.sampled_from([8, 16, 64]), st.floats(0, 1))
def test_a_canvas_shows_the_view_pixel_by_pixel_and_more(width, height, tall, multiple, around) -> None:
    w, h = canvas = canvas_size((width, height), tall, multiple, around)
    assert w % multiple == h % multiple == 0
    rim = 2 * policy.MARGIN
    assert (w - rim) / (h - rim) >= width / height - 1e-9
    assert h - rim >= tall * (1 + around) - 1e-6 and h - rim - multiple < tall * (1 + around)
    wide = surrounding(HERE, tall, h)
    assert wide.focal(canvas) == pytest.approx(HERE.focal((1, tall)))
    columns, rows = beside((width, height), tall, canvas)
    assert 0 <= h - 16 * rows - tall < 16 and 0 <= w - 16 * columns - tall * width / height < 16


def test_left_behind_when_turned_or_moved_too_far() -> None:
    turned = Camera.look(HERE.position, HERE.yaw + 30, HERE.pitch)
    moved = HERE.moved(position=(4.0, 2.2, 3.5))
    assert not left_behind(HERE, HERE, 25, 3)
    assert left_behind(HERE, turned, 25, 3)
    assert not left_behind(HERE, turned, 35, 3)
    assert left_behind(HERE, moved, 25, 3)
    assert not left_behind(HERE, moved, 25, 5)


def test_a_view_is_dreamed_once_and_coming_back_costs_nothing(painter, fake_dream) -> None:
    assert painter.settle(HERE, SIZE) == 1
    assert painter.coverage >= painter.session.paint.coverage
    assert painter.settle(THERE, SIZE) == 1  # it may refine what it sees from nearer, so look only now
    before = [painter.look(camera, SIZE) for camera in (HERE, THERE)]
    for camera, look in zip((HERE, THERE), before, strict=True):
        assert painter.settle(camera, SIZE) == 0
        np.testing.assert_array_equal(painter.look(camera, SIZE).latents, look.latents)
    assert len(fake_dream.asked) == 2
    assert painter.calls == 12


def test_moving_sketches_with_few_steps_and_resting_dreams_with_all(painter, fake_dream) -> None:
    live(painter, HERE, [0.0, 0.01, 0.02])
    assert [settings.steps for settings in fake_dream.asked] == [2]
    live(painter, HERE, [1.0, 1.1, 1.2, 1.3])
    assert [settings.steps for settings in fake_dream.asked] == [2, 6]
    assert painter.words == "this view is finished"


def test_a_finished_view_is_refined_at_the_windows_resolution_until_the_camera_moves(painter, fake_dream) -> None:
    painter.session = replace(painter.session, live=replace(painter.session.live, refine=True))
    live(painter, HERE, [0.0, 1.0, 1.1, 1.2])
    assert painter.running is not None
    assert painter.running.look.size == (
        368,
        208,
    )  # 320x180 and a rim in multiples of 16, where the usual dream is 64 high
    assert painter.running.settings.window == 64
    assert painter.words.startswith("refining this view")
    painter.worker.poll = lambda: []  # it is still going on
    painter.update(HERE.moved(fov=71.0), SIZE, 1.3)
    assert painter.running is None


def test_a_new_seed_is_a_new_noise_but_a_loaded_world_keeps_its_own(painter) -> None:
    painter.collect()
    noise = painter.look(HERE, SIZE).noise
    painter.volume.seed = 5  # as `restore` does
    loaded = painter.look(HERE, SIZE).noise
    assert (loaded != noise).any()
    painter.session = replace(painter.session, dream=DreamSettings(steps=6, seed=9))
    assert painter.look(HERE, SIZE).noise.tobytes() not in (noise.tobytes(), loaded.tobytes())
    assert painter.volume.seed == 9


def test_without_sketches_nothing_is_dreamed_before_the_camera_rests(painter, fake_dream) -> None:
    painter.session = replace(painter.session, live=replace(painter.session.live, moving=False))
    live(painter, HERE, [0.0, 0.1, 0.4])
    assert fake_dream.asked == []
    live(painter, HERE, [0.6, 0.7])
    assert len(fake_dream.asked) == 1


def test_paused_painting_asks_for_nothing(painter, fake_dream) -> None:
    painter.session = replace(painter.session, live=replace(painter.session.live, auto=False))
    live(painter, HERE, [0.0, 1.0, 2.0])
    assert fake_dream.asked == []
    assert painter.words == "painting is paused"


def test_a_dream_is_abandoned_when_the_camera_has_turned_away(painter, fake_dream) -> None:
    painter.update(HERE, SIZE, 0.0)
    assert painter.running is not None
    away = Camera.look(HERE.position, HERE.yaw + 90, HERE.pitch)
    painter.worker.poll = lambda: []  # the dream is still going on
    painter.update(away, SIZE, 0.01)
    assert painter.running is None
    assert painter.dreams == 0
    assert fake_dream.asked == []


def test_a_dream_from_before_an_erase_is_dropped(painter) -> None:
    painter.collect()
    painter.consider(HERE, SIZE)
    painter.volume.erase()
    painter.collect()
    assert painter.calls == 6
    assert painter.dreams == 0
    assert not painter.look(HERE, SIZE).steps.any()
    assert painter.settle(HERE, SIZE) == 1


def test_a_failure_is_told_and_the_same_view_is_not_tried_again(painter, fake_dream) -> None:
    fake_dream.error = ValueError("broken")
    live(painter, HERE, [0.0, 1.0, 1.1, 1.2, 1.3])
    assert len(fake_dream.asked) == 2  # the sketch, then the full dream
    assert "ValueError: broken" in painter.words
    fake_dream.error = None
    live(painter, THERE, [2.0, 2.01])
    assert painter.dreams == 1
    assert painter.problem == ""


def test_settle_raises_what_the_dream_raised(painter, fake_dream) -> None:
    fake_dream.error = ValueError("broken")
    with pytest.raises(RuntimeError, match="ValueError: broken"):
        painter.settle(HERE, SIZE)


def test_more_steps_dream_the_view_again_and_fewer_do_not(painter, fake_dream) -> None:
    painter.settle(HERE, SIZE)
    painter.session = replace(painter.session, dream=DreamSettings(steps=3))
    assert painter.settle(HERE, SIZE) == 0
    painter.session = replace(painter.session, dream=DreamSettings(steps=9))
    assert painter.settle(HERE, SIZE) == 1
    assert fake_dream.asked[-1].steps == 9


def test_a_failed_load_is_told(painter) -> None:
    painter.model = None
    painter.worker.poll = lambda: [Failed(None, "no weights", "Traceback")]
    painter.update(HERE, SIZE, 0.0)
    assert "no weights" in painter.words


def test_what_is_commissioned_goes_to_who_asked_and_moving_on_does_not_stop_it(painter, fake_dream) -> None:
    painter.session = replace(painter.session, live=LiveSettings(auto=False))
    painter.collect()
    look = painter.look(HERE, SIZE)
    taken = []
    canvas = canvas_from(look, painter.scene, 3)
    painter.commission(look, canvas, DreamSettings(steps=3), "painting a picture", lambda *result: taken.append(result))
    assert painter.words == "painting a picture: step 0 of 3"
    painter.update(THERE, SIZE, 0.0)
    assert taken and taken[0][0] is look and taken[0][1].steps == 3
    assert painter.running is None and not len(painter.volume.atlas)  # nothing was laid onto the surfaces
    painter.commission(look, canvas, DreamSettings(steps=3), "again", lambda *result: taken.append(result))
    painter.cancel()
    painter.settle(HERE, SIZE)
    assert len(taken) == 1 and len(painter.volume.atlas)
