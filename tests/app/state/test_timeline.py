"""Which dream of the timeline explains most."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.loop.messages import Preview
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


def test_many_dreams_of_the_sky_do_not_push_the_example_out() -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    timeline = Timeline(
        (Record(0, 6, image=picture), Record(1, 6, image=picture, of_view=True)), limit=3 * picture.nbytes
    )
    for id in range(2, 9):
        timeline = timeline.take(Preview(id, 1, 6, 1.0, picture), 0.0)
        assert timeline.bytes <= timeline.limit
    assert [record.id for record in timeline.records] == [1, 7, 8]
    tight = replace(timeline, limit=picture.nbytes).take(Preview(9, 1, 6, 1.0, picture), 0.0)
    assert [record.id for record in tight.records] == [9]
