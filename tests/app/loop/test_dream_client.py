"""Dreams that are asked for by hand, and what a dream tells of its parts and their times."""

from __future__ import annotations

from dataclasses import replace

from app.loop.messages import Message
from app.loop.paint_now import paint_view
from app.loop.view_canvas import canvas_from
from app.session import LiveSettings, PaintSettings, Session
from diffusion.canvas import Dreamed
from diffusion.settings import DreamSettings
from tests.app.loop.views import HERE, SIZE, THERE


def test_what_is_commissioned_goes_to_who_asked_and_moving_on_does_not_stop_it(painter, fake_dream) -> None:
    painter.session = replace(painter.session, live=LiveSettings(auto=False))
    painter.collect()
    gathered = painter.requests.gather(HERE, SIZE)
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
    paint_view(painter, HERE, SIZE)
    assert len(taken) == 1 and len(painter.volume.atlas)


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


def test_times_that_nobody_asks_for_are_not_kept_for_ever(make_painter, monkeypatch) -> None:
    monkeypatch.setattr("app.loop.dream_client.MOST_TIMES", 1)
    painter = make_painter(Session(dream=DreamSettings(steps=2), paint=PaintSettings(sky=False)))
    assert paint_view(painter, HERE, SIZE) == paint_view(painter, THERE, SIZE) == 1
    assert painter.client.pop_times() == [painter.client.last_times]
