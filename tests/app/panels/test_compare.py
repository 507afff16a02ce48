"""The steps of a comparison, as far as the timeline has them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.loop.messages import Preview
from app.panels.compare import records_of
from app.state.timeline import Record, Step, Timeline


def record(number: int, steps: int = 2) -> Record:
    shown = [Step(Preview(number, k, steps, 1.0, np.zeros((2, 2, 3), np.uint8)), 0.0) for k in range(steps)]
    return Record(number, steps, tuple(shown))


@pytest.mark.parametrize(
    ("records", "done", "found"),
    [
        ([record(3), record(4), record(5)], True, (3, 4)),
        ([record(4), record(3)], True, (3, 4)),
        ([record(3), record(4)], False, None),
        ([record(4), record(5)], True, None),  # the first one had no room
        ([record(3), record(4, steps=0)], True, None),
    ],
)
def test_both_sides_are_stepped_through_or_none(records: list[Record], done: bool, found: tuple[int, int]) -> None:
    comparison: Any = SimpleNamespace(sides=[SimpleNamespace(id=3), SimpleNamespace(id=4)], done=done)
    pair = records_of(Timeline(tuple(records)), comparison)
    assert (pair and tuple(one.id for one in pair)) == found
