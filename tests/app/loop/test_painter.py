"""The loop without a window, on real GL with a model that answers at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.loop.messages import DreamFailed
from app.loop.paint_now import paint_view
from diffusion.settings import DreamSettings
from scenes.camera import Camera
from tests.app.loop.views import HERE, SIZE, THERE, come, live


def test_a_view_is_dreamed_once_and_coming_back_costs_nothing(painter, fake_dream) -> None:
    assert paint_view(painter, HERE, SIZE) == 1
    assert painter.coverage >= painter.session.paint.coverage
    assert paint_view(painter, THERE, SIZE) == 1  # it may refine what it sees from nearer, so look only now
    before = [painter.requests.gather(camera, SIZE) for camera in (HERE, THERE)]
    for camera, gathered in zip((HERE, THERE), before, strict=True):
        assert paint_view(painter, camera, SIZE) == 0
        np.testing.assert_array_equal(painter.requests.gather(camera, SIZE).latents, gathered.latents)
    assert len(fake_dream.asked) == 2
    assert painter.client.calls == 12


def test_who_begins_to_look_gets_a_sketch_at_once_and_all_steps_next(painter, fake_dream) -> None:
    live(painter, HERE, [0.0, 0.01, 0.02, 0.03])
    assert [settings.steps for settings in fake_dream.asked] == [2, 6]


def test_who_wants_no_sketches_gets_none_at_the_start(painter, fake_dream) -> None:
    painter.session = replace(painter.session, live=replace(painter.session.live, moving=False))
    live(painter, HERE, [0.0, 0.01, 0.02])
    assert [settings.steps for settings in fake_dream.asked] == [6]


def test_sketches_take_as_many_steps_as_suit_the_model_and_are_not_blended(painter, fake_dream, fake_model) -> None:
    session = painter.session
    painter.session = replace(
        session, live=replace(session.live, moving_steps=0), dream=DreamSettings(steps=6, match=0.5)
    )
    live(painter, HERE, [0.0, 0.01, 0.02, 0.03])
    assert [(settings.steps, settings.match) for settings in fake_dream.asked] == [(4, 0.0), (6, 0.5)]
    painter.collect()
    assert replace(painter.client.model, knows_surfaces=True).sketch_steps == 2


def test_moving_sketches_with_few_steps_and_resting_dreams_with_all(painter, fake_dream) -> None:
    come(painter)
    live(painter, HERE, [0.0, 0.01, 0.02])
    assert [settings.steps for settings in fake_dream.asked] == [2]
    live(painter, HERE, [1.0, 1.1, 1.2, 1.3])
    assert [settings.steps for settings in fake_dream.asked] == [2, 6]
    assert painter.status_text == "this view is finished"


def test_a_new_seed_is_a_new_noise_but_a_loaded_world_keeps_its_own(painter) -> None:
    painter.collect()
    noise = painter.requests.gather(HERE, SIZE).noise
    painter.volume.seed = 5  # as `restore` does
    loaded = painter.requests.gather(HERE, SIZE).noise
    assert (loaded != noise).any()
    painter.session = replace(painter.session, dream=DreamSettings(steps=6, seed=9))
    assert painter.requests.gather(HERE, SIZE).noise.tobytes() not in (noise.tobytes(), loaded.tobytes())
    assert painter.volume.seed == 9


def test_without_sketches_nothing_is_dreamed_before_the_camera_rests(painter, fake_dream) -> None:
    painter.session = replace(painter.session, live=replace(painter.session.live, moving=False))
    come(painter)
    live(painter, HERE, [0.0, 0.1, 0.4])
    assert fake_dream.asked == []
    live(painter, HERE, [0.6, 0.7])
    assert len(fake_dream.asked) == 1


def test_paused_painting_asks_for_nothing(painter, fake_dream) -> None:
    painter.session = replace(painter.session, live=replace(painter.session.live, auto=False))
    live(painter, HERE, [0.0, 1.0, 2.0])
    assert fake_dream.asked == []
    assert painter.status_text == "painting is paused"


def test_a_dream_is_abandoned_when_the_camera_has_turned_away(painter, fake_dream) -> None:
    painter.update(HERE, SIZE, 0.0)
    assert painter.client.running is not None
    away = Camera.from_angles(HERE.position, HERE.yaw + 90, HERE.pitch)
    painter.client.worker.poll = lambda: []  # the dream is still going on
    painter.update(away, SIZE, 0.01)
    assert painter.client.running is None
    assert painter.client.dreams == 0
    assert fake_dream.asked == []


def test_a_dream_from_before_an_erase_is_dropped(painter) -> None:
    painter.collect()
    painter.consider(HERE, SIZE)
    painter.volume.erase()
    painter.collect()
    assert painter.client.calls == 6
    assert painter.client.dreams == 0
    assert not painter.requests.gather(HERE, SIZE).steps.any()
    assert paint_view(painter, HERE, SIZE) == 1


def test_a_failure_is_told_and_the_same_view_is_not_tried_again(painter, fake_dream) -> None:
    fake_dream.error = ValueError("broken")
    come(painter)
    live(painter, HERE, [0.0, 1.0, 1.1, 1.2, 1.3])
    assert len(fake_dream.asked) == 2  # the sketch, then the full dream
    assert "ValueError: broken" in painter.status_text
    fake_dream.error = None
    live(painter, THERE, [2.0, 2.01])
    assert painter.client.dreams == 1
    assert painter.client.problem == ""


def test_settle_raises_what_the_dream_raised(painter, fake_dream) -> None:
    fake_dream.error = ValueError("broken")
    with pytest.raises(RuntimeError, match="ValueError: broken"):
        paint_view(painter, HERE, SIZE)


def test_more_steps_dream_the_view_again_and_fewer_do_not(painter, fake_dream) -> None:
    paint_view(painter, HERE, SIZE)
    painter.session = replace(painter.session, dream=DreamSettings(steps=3))
    assert paint_view(painter, HERE, SIZE) == 0
    painter.session = replace(painter.session, dream=DreamSettings(steps=9))
    assert paint_view(painter, HERE, SIZE) == 1
    assert fake_dream.asked[-1].steps == 9


def test_a_failed_load_is_told(painter) -> None:
    painter.client.model = None
    painter.client.worker.poll = lambda: [DreamFailed(None, "no weights", "Traceback")]
    painter.update(HERE, SIZE, 0.0)
    assert painter.status_text == "the model can't be loaded: no weights"
