"""Which dream of the timeline explains most."""

from __future__ import annotations

import pytest

from app.state.timeline import SKETCHED, Record, Timeline

VIEW, SKY = True, False


@pytest.mark.parametrize(
    ("dreams", "chosen"),
    [
        ([], None),
        ([(6, SKY)], 0),
        ([(6, VIEW), (6, SKY)], 0),  # the sky is dreamed after the view
        ([(6, VIEW), (8, VIEW), (6, SKY)], 1),
        ([(6, VIEW), (SKETCHED, VIEW)], 0),  # a sketch while walking shows little
        ([(SKETCHED, VIEW), (6, SKY)], 0),
    ],
)
def test_the_newest_view_with_all_steps_is_the_example(dreams: list[tuple[int, bool]], chosen: int | None) -> None:
    timeline = Timeline(tuple(Record(k, steps, of_view=view) for k, (steps, view) in enumerate(dreams)))
    found = timeline.choose_example(lambda record: True)
    assert (found and found.id) == chosen


def test_what_is_not_usable_is_no_example() -> None:
    timeline = Timeline((Record(0, 6), Record(1, 6, of_view=True)))
    found = timeline.choose_example(lambda record: record.id == 0)
    assert found is not None and found.id == 0
