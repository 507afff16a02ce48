"""How far a dream is: it never jumps back, never stands full, and tells what it is doing."""

from __future__ import annotations

import pytest

from app.loop.progress import FULLEST, LAYING, PARTS, DreamTimes, Pace, Progress, about

SIZE = (64, 32)
SECONDS = {"preparing": 0.5, "steps": 4.0, "decoding": 1.0, "blending": 2.0, "laying": 2.5}
TIMES = DreamTimes("dreaming this view", SIZE, 4, 8, SECONDS, 5.0)


def states() -> list[tuple[Progress, float]]:
    """A dream as `TIMES` has it, with the clock, begun at 10."""
    found, now = [], 10.0
    progress = Progress(SIZE, 4, since=now)
    for part in PARTS:
        progress = progress.enter(part, now)
        for tenth in range(10):
            if part == "steps":
                progress = Progress(SIZE, 4, part, now, step=tenth * 4 // 10)
            found.append((progress, now + SECONDS[part] * tenth / 10))
        now += SECONDS[part]
        if part == "steps":
            progress = Progress(SIZE, 4, part, now, step=4)
    return found


@pytest.mark.parametrize("pace", [Pace(), Pace().learn(TIMES)])
def test_a_bar_only_grows_and_is_never_full(pace: Pace) -> None:
    shares = [progress.share(pace, now) for progress, now in states()]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] <= FULLEST


def test_a_known_pace_tells_how_long_the_rest_takes() -> None:
    pace = Pace().learn(TIMES)
    for progress, now in states():
        left = progress.seconds_left(pace, now)
        assert left is not None and left == pytest.approx(20 - now, abs=1.0)  # a step is a second
    assert states()[0][0].seconds_left(Pace(), 10.0) is None


def test_a_part_that_takes_longer_than_ever_does_not_fill_the_bar() -> None:
    progress = Progress(SIZE, 4, step=4).enter(LAYING, 100.0)
    assert progress.share(Pace().learn(TIMES), 1000.0) == FULLEST


def test_larger_dreams_of_more_steps_take_longer() -> None:
    pace = Pace().learn(TIMES)
    assert pace.expect(SIZE, 4) == pytest.approx(SECONDS)
    larger = pace.expect((128, 32), 8)
    assert larger["steps"] == pytest.approx(16) and larger["decoding"] == pytest.approx(2)


def test_the_words_name_the_part_and_count_its_seconds() -> None:
    progress = Progress(SIZE, 4, since=0.0)
    assert progress.words(0.0) == "step 0 of 4"
    assert progress.enter("decoding", 5.0).words(5.2) == "decoding"
    assert progress.enter(LAYING, 5.0).words(8.0) == "laying, 3 s"


def test_what_a_dream_took_is_told_part_by_part() -> None:
    assert TIMES.summary == "Dreaming this view: 10.00 s (64×32, 4 steps)"
    lines = dict(line.split(": ") for line in TIMES.details.splitlines()[:5])
    assert lines == {
        "preparing": "500 ms",
        "steps": "4000 ms",
        "decoding": "1000 ms",
        "blending": "2000 ms",
        "laying": "2500 ms",
    }
    assert "5000 ms (50%)" in TIMES.details and "2,048" in TIMES.details


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "≈ 1 s"), (12.4, "≈ 12 s"), (33, "≈ 35 s"), (95, "≈ 2 min"), (7300, "≈ 2 h 2 min")]
)
def test_times_are_told_as_people_say_them(seconds: float, words: str) -> None:
    assert about(seconds) == words
