"""Points of a curve under the mouse: they keep their order and their distance."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from app.panels.step_curve import NEAR, add_point, move_point, remove_point
from base.step_schedule import StepSchedule

POINTS = ((0.0, 7.0), (0.5, 3.0), (1.0, 1.0))


@given(st.integers(0, 2), st.floats(-1, 2), st.floats(-20, 30))
@example(0, 0.0, 0.375)
def test_a_moved_point_stays_between_its_neighbours(number, place, value):
    moved = move_point(POINTS, number, place, value)
    StepSchedule(moved)  # places rise
    assert moved[:number] == POINTS[:number] and moved[number + 1 :] == POINTS[number + 1 :]
    assert abs(moved[number][1] - value) <= 0.005 + 1e-9  # rounded to hundredths


@given(st.floats(-1, 2), st.floats(-20, 30))
def test_a_new_point_takes_its_place(place, value):
    added = add_point(POINTS, place, value)
    StepSchedule(added)
    assert set(POINTS) <= set(added) and len(added) in (3, 4)
    assert len(added) == 4 or min(abs(min(max(place, 0), 1) - p) for p, _ in POINTS) < NEAR + 0.001


def test_the_last_point_stays():
    assert remove_point(POINTS, 1) == (POINTS[0], POINTS[2]) and remove_point(POINTS[:1], 0) == POINTS[:1]
