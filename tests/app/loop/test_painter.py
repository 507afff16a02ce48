"""The loop without a window, on real GL with a model that answers at once."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.loop.autopilot import drain
from app.loop.inline_worker import InlineWorker
from app.loop.messages import Failed, Message
from app.loop.painter import Painter
from app.loop.view_canvas import canvas_from
from app.loop.view_framing import MAX_PIXELS, border_width, canvas_size, has_left, limit_canvas, widen_camera
from app.session import LiveSettings, PaintSettings, Session
from diffusion.canvas import Dreamed
from diffusion.settings import DreamSettings
from engine.atlas import policy
from engine.atlas.page import STEPS
from engine.atlas.views import Part
from engine.atlas.visibility import TexelMasks
from engine.atlas.volume import LatentVolume
from engine.edits.patch import apply_operation
from scenes.camera import Camera

SIZE = (320, 180)
HERE = Camera.look_at((4.0, 2.2, 7.5), (4.0, 1.0, 2.0), fov=70)
THERE = Camera.look_at((0.5, 2.2, 6.5), (7.0, 1.0, 4.0), fov=70)


@pytest.fixture
def painter(make_painter):
    live = LiveSettings(rest=0.5, moving_steps=2, refine=False)
    return make_painter(Session(dream=DreamSettings(steps=6), live=live, paint=PaintSettings(sky=False)))


def live(painter: Painter, camera: Camera, seconds: list[float]) -> None:
    for now in seconds:
        painter.update(camera, SIZE, now)


def come(painter: Painter) -> None:
    """From now on every other camera is one that moved."""
    session = painter.session
    painter.session = replace(session, live=replace(session.live, auto=False))
    painter.update(THERE, SIZE, -1.0)
    painter.session = session


@given(st.integers(64, 4000), st.integers(64, 4000), st.integers(1, 600), st.sampled_from([8, 16, 64]), st.floats(0, 1))
def test_a_canvas_shows_the_view_pixel_by_pixel_and_more(width, height, tall, multiple, around) -> None:
    w, h = canvas = canvas_size((width, height), tall, multiple, around)
    assert w % multiple == h % multiple == 0
    rim = 2 * policy.MARGIN
    assert (w - rim) / (h - rim) >= width / height - 1e-9
    assert h - rim >= tall * (1 + around) - 1e-6 and h - rim - multiple < tall * (1 + around)
    wide = widen_camera(HERE, tall, h)
    assert wide.focal(canvas) == pytest.approx(HERE.focal((1, tall)))
    columns, rows = border_width((width, height), tall, canvas)
    assert 0 <= h - 16 * rows - tall < 16 and 0 <= w - 16 * columns - tall * width / height < 16


@given(st.floats(0.25, 4), st.integers(1, 2048), st.floats(0, 1))
def test_no_canvas_is_larger_than_memory_allows(aspect, tall, around) -> None:
    """A view 2048 pixels high and as much around it was one of 30 million: 15 GB."""
    view = round(1000 * aspect), 1000
    asked = math.prod(canvas_size(view, tall, 8, around))
    height, beyond = limit_canvas(view, tall, around)
    assert math.prod(canvas_size(view, height, 8, beyond)) <= 1.1 * MAX_PIXELS
    assert (height, beyond) == (tall, around) or asked > 0.9 * MAX_PIXELS
    assert height == tall or (height < tall and beyond < 1 / height)


def test_left_behind_when_turned_or_moved_too_far() -> None:
    turned = Camera.from_angles(HERE.position, HERE.yaw + 30, HERE.pitch)
    moved = HERE.with_changes(position=(4.0, 2.2, 3.5))
    assert not has_left(HERE, HERE, 25, 3)
    assert has_left(HERE, turned, 25, 3)
    assert not has_left(HERE, turned, 35, 3)
    assert has_left(HERE, moved, 25, 3)
    assert not has_left(HERE, moved, 25, 5)


def test_a_view_is_dreamed_once_and_coming_back_costs_nothing(painter, fake_dream) -> None:
    assert painter.flush(HERE, SIZE) == 1
    assert painter.coverage >= painter.session.paint.coverage
    assert painter.flush(THERE, SIZE) == 1  # it may refine what it sees from nearer, so look only now
    before = [painter.gather(camera, SIZE) for camera in (HERE, THERE)]
    for camera, gathered in zip((HERE, THERE), before, strict=True):
        assert painter.flush(camera, SIZE) == 0
        np.testing.assert_array_equal(painter.gather(camera, SIZE).latents, gathered.latents)
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


@pytest.fixture
def refined(painter):
    """A painter that refines; HERE is dreamed as a whole, and the first part of its refinement runs."""
    painter.session = replace(painter.session, live=replace(painter.session.live, refine=True))
    come(painter)
    live(painter, HERE, [0.0, 1.0, 1.1, 1.2, 1.3])
    assert painter.client.running is not None and painter.refining
    return painter


def fine(painter: Painter) -> float:
    """How much of HERE is finished for the window's own resolution."""
    canvas = canvas_size(SIZE, SIZE[1], 16)
    gathered = painter.volume.gather(widen_camera(HERE, SIZE[1], canvas[1]), canvas, part=Part.SOLID)
    return policy.coverage(gathered, 6, border_width(SIZE, SIZE[1], canvas))


def test_a_finished_view_is_refined_part_by_part_at_the_windows_resolution(refined) -> None:
    before, words = fine(refined), []
    whole = refined.client.dreamed
    for k in range(200):
        words.append(refined.status_text)
        if refined.client.running is not None:
            assert refined.client.running.gathered.size == (64, 64)  # the model's own size
        refined.update(HERE, SIZE, 2 + 0.01 * k)
        if refined.status_text == "this view is finished":
            break
    assert all(w.startswith("refining this view") for w in words)
    parts = [int(w.split("part ")[1].split()[0]) for w in words if "part" in w]
    of = int(words[0].split("of ")[1].split(":")[0])
    assert parts == sorted(parts) and parts[0] == 1 and parts[-1] == of > 4
    assert before < 0.9 and fine(refined) > 0.97 and refined.coverage > 0.95
    assert refined.client.dreamed is whole  # a part is no view
    asked = refined.client.dreams
    live(refined, HERE, [10.0, 10.1, 10.2])
    assert refined.client.dreams == asked and not refined.client.running


def bare(painter: Painter, masks: TexelMasks) -> int:
    """Texels of masks that nothing painted."""
    states = ((painter.volume.atlas[page].read_state()[..., STEPS], mask) for page, mask in masks.items())
    return sum(int((steps <= 0)[mask].sum()) for steps, mask in states)


def test_a_small_hole_in_a_finished_view_is_filled(refined) -> None:
    live(refined, HERE, [2 + 0.01 * k for k in range(200)])
    assert refined.status_text == "this view is finished"
    box = np.zeros(SIZE[::-1], np.float32)
    box[95:135, 140:185] = 1  # a thirtieth of the view
    refined.session = replace(refined.session, paint=replace(refined.session.paint, coverage=0.1))
    masks, dreams = refined.volume.find_visible_texels(HERE, SIZE, box), refined.client.dreams
    drain(apply_operation(refined.volume, masks, "erase"))
    refined.volume.revision += 1
    assert bare(refined, masks) > 20
    live(refined, HERE, [5 + 0.01 * k for k in range(200)])
    assert refined.status_text == "this view is finished"
    assert bare(refined, masks) < 4 and 0 < refined.client.dreams - dreams < 6


def test_refining_is_left_at_once_when_the_camera_moves_and_what_is_done_stays(refined) -> None:
    for k in range(4):
        refined.update(HERE, SIZE, 1.4 + 0.01 * k)
    done, dreams = fine(refined), refined.client.dreams
    refined.client.worker.poll = lambda: []  # a part is still going on
    refined.update(HERE.with_changes(fov=71.0), SIZE, 1.5)
    assert refined.client.running is None and not refined.refining
    assert fine(refined) == done and refined.client.dreams == dreams


def test_a_part_that_fails_ends_the_refining_and_is_told_once(refined, fake_dream) -> None:
    fake_dream.error = ValueError("broken")
    asked = len(fake_dream.asked)
    live(refined, HERE, [2.0, 2.1, 2.2, 2.3])
    assert len(fake_dream.asked) == asked + 1 and "broken" in refined.status_text


def test_what_is_erased_while_a_view_is_refined_is_dreamed_as_a_whole_again(refined) -> None:
    refined.volume.erase()
    live(refined, HERE, [2.0, 2.1, 2.2])
    assert fine(refined) > 0
    live(refined, HERE, [3 + 0.01 * k for k in range(100)])
    assert refined.status_text == "this view is finished" and fine(refined) > 0.97


def test_a_new_seed_is_a_new_noise_but_a_loaded_world_keeps_its_own(painter) -> None:
    painter.collect()
    noise = painter.gather(HERE, SIZE).noise
    painter.volume.seed = 5  # as `restore` does
    loaded = painter.gather(HERE, SIZE).noise
    assert (loaded != noise).any()
    painter.session = replace(painter.session, dream=DreamSettings(steps=6, seed=9))
    assert painter.gather(HERE, SIZE).noise.tobytes() not in (noise.tobytes(), loaded.tobytes())
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
    assert not painter.gather(HERE, SIZE).steps.any()
    assert painter.flush(HERE, SIZE) == 1


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
        painter.flush(HERE, SIZE)


def test_more_steps_dream_the_view_again_and_fewer_do_not(painter, fake_dream) -> None:
    painter.flush(HERE, SIZE)
    painter.session = replace(painter.session, dream=DreamSettings(steps=3))
    assert painter.flush(HERE, SIZE) == 0
    painter.session = replace(painter.session, dream=DreamSettings(steps=9))
    assert painter.flush(HERE, SIZE) == 1
    assert fake_dream.asked[-1].steps == 9


def test_a_failed_load_is_told(painter) -> None:
    painter.client.model = None
    painter.client.worker.poll = lambda: [Failed(None, "no weights", "Traceback")]
    painter.update(HERE, SIZE, 0.0)
    assert painter.status_text == "the model can't be loaded: no weights"


def test_what_is_commissioned_goes_to_who_asked_and_moving_on_does_not_stop_it(painter, fake_dream) -> None:
    painter.session = replace(painter.session, live=LiveSettings(auto=False))
    painter.collect()
    gathered = painter.gather(HERE, SIZE)
    taken = []
    canvas = canvas_from(gathered, painter.scene, 3)
    painter.submit_job(
        gathered, canvas, DreamSettings(steps=3), "painting a picture", lambda *result: taken.append(result)
    )
    assert painter.status_text == "painting a picture: step 0 of 3"
    painter.update(THERE, SIZE, 0.0)
    assert taken and taken[0][0] is gathered and taken[0][1].steps == 3
    assert painter.client.running is None and not len(painter.volume.atlas)  # nothing was laid onto the surfaces
    painter.submit_job(gathered, canvas, DreamSettings(steps=3), "again", lambda *result: taken.append(result))
    painter.cancel()
    painter.flush(HERE, SIZE)
    assert len(taken) == 1 and len(painter.volume.atlas)


@pytest.fixture
def patient(painter, monkeypatch: pytest.MonkeyPatch):
    """A painter that does one small piece a frame, its worker already at hand."""
    for name, size in (
        ("gl.time_sliced.PIXELS_PER_SLICE", 4096),
        ("atlas.scatter.TESTED_PER_SLICE", 1024),
        ("atlas.scatter.COLOURED_PER_SLICE", 64),
    ):
        monkeypatch.setattr(f"engine.{name}", size)
    painter.collect()
    painter.client.tasks.budget = 1e-4
    painter.session = replace(painter.session, live=replace(painter.session.live, moving=False))
    return painter


def until(painter: Painter, condition, camera: Camera = HERE) -> int:  # type: ignore[no-untyped-def]
    """The frames that it took."""
    for frame in range(2000):
        if condition():
            return frame
        painter.update(camera, SIZE, 1.0 + 0.01 * frame)
    raise AssertionError("it never came")


def laying(painter: Painter) -> bool:
    """Whether a dream's latents are on the surfaces, and not yet all of its colours."""
    volume = painter.volume
    return volume.busy and painter.client.running is not None and bool(len(volume.atlas))


def test_in_pieces_it_is_the_same_picture(patient, stage, ctx, fake_model, fake_dream) -> None:
    scene, charts = stage
    at_once = Painter(
        LatentVolume(ctx, charts, fake_model.channels), InlineWorker(fake_model, fake_dream), scene, patient.session
    )
    at_once.flush(HERE, SIZE)
    frames = until(patient, lambda: patient.client.dreams and not patient.client.busy)
    assert frames > 20  # it looked, asked what it would take, and laid it, in one piece a frame
    ours, theirs = (p.volume.snapshot() for p in (patient, at_once))
    assert ours.pages.keys() == theirs.pages.keys() and ours.revision == theirs.revision
    for number, page in ours.pages.items():
        for name, array in page.items():
            np.testing.assert_array_equal(array, theirs.pages[number][name])
    assert (patient.client.calls, patient.client.dreams) == (at_once.client.calls, at_once.client.dreams)
    at_once.volume.release()


def test_a_dream_that_is_being_laid_is_not_abandoned_and_is_dreaming_still(patient) -> None:
    until(patient, lambda: laying(patient))
    away = Camera.from_angles(HERE.position, HERE.yaw + 90, HERE.pitch)
    patient.update(away, SIZE, 5.0)
    assert patient.client.running is not None and patient.client.busy and patient.client.dreams == 0
    patient.session = replace(patient.session, live=replace(patient.session.live, auto=False))
    until(patient, lambda: not patient.client.busy, away)
    assert patient.client.dreams == 1 and patient.volume.revision == 1


def test_cancelling_lays_what_is_dreamed_already_and_drops_a_look(patient) -> None:
    until(patient, lambda: patient.client.busy and patient.client.running is None)  # it looks
    patient.cancel()
    assert not patient.client.busy and not patient.volume.busy and patient.client.dreams == 0
    until(patient, lambda: laying(patient))
    patient.cancel()
    assert not patient.client.busy and not patient.volume.busy and patient.client.dreams == 1
    assert policy.coverage(patient.gather(HERE, SIZE), 2) > 0


def test_what_is_erased_while_it_is_laid_is_dreamed_again(patient) -> None:
    until(patient, lambda: laying(patient))
    patient.volume.erase()
    assert not len(patient.volume.atlas) and not patient.volume.busy
    until(patient, lambda: patient.client.dreams > 1)
    assert policy.coverage(patient.gather(HERE, SIZE), 6) > 0.9


def test_a_look_from_before_an_erase_asks_for_nothing(patient, fake_dream) -> None:
    until(patient, lambda: patient.client.busy and patient.client.running is None)
    patient.volume.erase()
    while patient.client.busy and patient.client.running is None:
        patient.collect()
    assert patient.client.running is None and fake_dream.asked == []
    until(patient, lambda: patient.client.dreams > 0)


def test_a_dreams_parts_are_told_while_it_runs_and_noted_when_it_is_laid(painter, fake_dream, monkeypatch) -> None:
    """Of a worker that sends one message a frame."""

    def dream(*asked, on_part, **hooks) -> Dreamed:
        on_part("preparing")
        on_part("steps")
        dreamed = fake_dream(*asked, **hooks)
        on_part("decoding")
        on_part("blending")
        return replace(dreamed, seconds=dreamed.seconds | {"steps": 3.0, "decoding": 1.0})

    worker, waiting = painter.client.worker, list[Message]()
    poll, worker._dream = worker.poll, dream

    def poll_one() -> list[Message]:
        waiting.extend(poll())
        return [waiting.pop(0)] if waiting else []

    monkeypatch.setattr(worker, "poll", poll_one)
    painter.collect()
    painter.consider(HERE, SIZE)
    assert painter.client.share == 0
    told = []
    while painter.client.busy:
        told.append((painter.status_text, painter.client.share))
        painter.collect()
    words = ["step 0", "step 0", *(f"step {k}" for k in range(7)), "decoding", "blending"]
    assert [text.removeprefix("dreaming this view: ").removesuffix(" of 6") for text, _ in told] == words
    assert [share for _, share in told] == sorted(share for _, share in told) and told[-1][1] < 1
    (times,) = painter.client.pop_times()
    assert times is painter.client.last_times and painter.client.pop_times() == []
    assert times.seconds["steps"] == 3.0 and times.seconds["laying"] > 0 and times.calls == 6
    assert painter.client.share == 1.0 and painter.client.seconds_left is None
