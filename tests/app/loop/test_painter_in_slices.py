"""The painter when a frame has time for one small piece of work."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.loop.inline_worker import InlineWorker
from app.loop.paint_now import paint_view
from app.loop.painter import Painter
from engine.atlas import policy
from engine.atlas.volume import LatentVolume
from scenes.camera import Camera
from tests.app.loop.views import HERE, SIZE


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
    paint_view(at_once, HERE, SIZE)
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
    assert policy.coverage(patient.requests.gather(HERE, SIZE), 2) > 0


def test_what_is_erased_while_it_is_laid_is_dreamed_again(patient) -> None:
    until(patient, lambda: laying(patient))
    patient.volume.erase()
    assert not len(patient.volume.atlas) and not patient.volume.busy
    until(patient, lambda: patient.client.dreams > 1)
    assert policy.coverage(patient.requests.gather(HERE, SIZE), 6) > 0.9


def test_a_look_from_before_an_erase_asks_for_nothing(patient, fake_dream) -> None:
    until(patient, lambda: patient.client.busy and patient.client.running is None)
    patient.volume.erase()
    while patient.client.busy and patient.client.running is None:
        patient.collect()
    assert patient.client.running is None and fake_dream.asked == []
    until(patient, lambda: patient.client.dreams > 0)
