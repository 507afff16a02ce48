"""The order in which sheets are gathered and laid, whatever the order is in which they come back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.loop.sheet_schedule import SheetSchedule


def test_a_sheet_waits_for_those_that_it_reads_and_lets_others_pass() -> None:
    schedule = SheetSchedule[str]([0, 1, 0, 2])
    assert [schedule.begin() for _ in range(3)] == [0, 2, None]
    schedule.finish(2, "two")
    assert schedule.lay() is None, "the first is laid first"
    schedule.finish(0, "nought")
    assert schedule.lay() == (0, "nought") and schedule.lay() is None
    assert schedule.begin() == 1 and schedule.begin() is None
    schedule.finish(1, "one")
    assert [schedule.lay(), schedule.lay()] == [(1, "one"), (2, "two")]
    assert schedule.begin() == 3 and not schedule.done
    schedule.finish(3, "three")
    assert schedule.lay() == (3, "three") and schedule.done


def test_it_does_not_run_far_ahead_of_what_is_laid() -> None:
    schedule = SheetSchedule[None]([0] * 10, ahead=4)
    assert [schedule.begin() for _ in range(5)] == [0, 1, 2, 3, None]
    schedule.finish(0, None)
    schedule.lay()
    assert schedule.begin() == 4


@given(st.lists(st.integers(0, 30), max_size=30), st.integers(1, 8), st.randoms())
def test_every_sheet_is_laid_in_order_and_none_is_gathered_too_early(wanted, crew, random) -> None:
    required = [min(number, k) for k, number in enumerate(wanted)]
    schedule, running, laid = SheetSchedule[int](required), [], []
    while not schedule.done:
        if len(running) < crew and (number := schedule.begin()) is not None:
            assert required[number] <= len(laid) <= number
            running.append(number)
        elif (turn := schedule.lay()) is not None:
            laid.append(turn)
        else:
            number = running.pop(random.randrange(len(running)))
            schedule.finish(number, -number)
    assert laid == [(k, -k) for k in range(len(required))]
