"""Numbers over steps: their text, their values, and what isn't one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.step_schedule import Scheduled, StepSchedule, largest, parse_scheduled, settings_at, value_at

NUMBERS = st.floats(-1e6, 1e6)
SCHEDULES = st.builds(
    lambda places, values, stepped: StepSchedule(
        tuple(zip(sorted(places), values[: len(places)], strict=True)), stepped
    ),
    st.lists(st.floats(0, 1), min_size=1, max_size=6, unique=True),
    st.lists(NUMBERS, min_size=6, max_size=6),
    st.booleans(),
)


def test_lines_and_stairs():
    lines, stairs = parse_scheduled("0:7, 0.5:3, 1:1"), parse_scheduled(" 0.25:7,0.5:3 stepped ")
    assert [value_at(lines, p) for p in (0, 0.25, 0.5, 0.75, 1)] == [7, 5, 3, 2, 1]
    assert [value_at(stairs, p) for p in (0, 0.3, 0.499, 0.5, 1)] == [7, 7, 7, 3, 3]
    assert str(lines) == "0:7, 0.5:3, 1:1" and str(stairs) == "0.25:7, 0.5:3 stepped"
    assert parse_scheduled("-2.5") == value_at(-2.5, 0.3) == -2.5


@dataclass(frozen=True)
class Numbers:
    scale: Scheduled
    eta: Scheduled = 0.5
    name: str = "a"


def test_settings_at_a_place_have_numbers():
    lines = parse_scheduled("0:7, 0.5:3, 1:1")
    assert settings_at(Numbers(lines), 0.25) == Numbers(5.0) and settings_at(Numbers(2.0), 0.25) == Numbers(2.0)
    assert largest(lines) == 7 and largest(-2.5) == -2.5 and largest(parse_scheduled("0:0, 1:0")) == 0


@given(SCHEDULES)
def test_the_text_is_the_schedule(schedule):
    assert parse_scheduled(str(schedule)) == schedule


@given(SCHEDULES, st.floats(0, 1))
def test_values_lie_between_those_of_the_points_and_meet_them(schedule, place):
    low, high = min(schedule.values), max(schedule.values)
    slack = 1e-9 * (high - low)
    assert low - slack <= schedule.at(place) <= high + slack
    assert all(schedule.at(where) == value for where, value in schedule.points)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "0:",
        ":7",
        "0:7,,1:2",
        "0.5:1, 0.5:2",
        "1:0, 0:1",
        "-0.1:3",
        "0:1, 2:3",
        "0:nan",
        "0:inf",
        "stepped",
        "0:7 1:2",
    ],
)
def test_what_is_no_schedule_is_one_sentence(text):
    with pytest.raises(ValueError, match="is not a number, or points like"):
        parse_scheduled(text)
