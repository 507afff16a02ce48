"""Undo and redo as values, within limits of number and bytes."""

from __future__ import annotations

import numpy as np
import pytest

from app.state.history import DEPTH, History

KB = 1024


def maps(history: History, count: int, fresh: bool) -> History:
    """So many changes, each with a map of its own (1 kB), or all with the same."""
    shared = np.zeros(KB, np.uint8)
    for i in range(count):
        history = history.to((i, np.zeros(KB, np.uint8) if fresh else shared))
    return history


@pytest.fixture
def history() -> History:
    return History((-1, np.zeros(KB, np.uint8)), holds=lambda value: value[1:], limit=10 * KB)


def test_the_past_holds_no_more_bytes_than_its_limit(history):
    filled = maps(history, 50, fresh=True)
    assert len(filled.past) == 10 and filled.bytes == 10 * KB
    assert [value[0] for value in filled.past] == list(range(39, 49))


def test_what_shares_a_map_costs_one_map_and_the_number_is_bounded_too(history):
    filled = maps(history, 2 * DEPTH, fresh=False)
    assert len(filled.past) == DEPTH and filled.bytes == KB


def test_back_and_forth_is_where_one_was_and_a_change_forgets_what_was_taken_back():
    history = History("a").to("b").to("c").to("c")
    assert history.past == ("a", "b")
    back = history.undo().undo().undo()
    assert back.present == "a" and back.future == ("b", "c")
    assert back.redo().redo().redo() == history
    assert back.to("d").redo().present == "d" and back.to("d").undo().present == "a"


def test_every_value_is_changed_alike_and_steps_that_became_none_are_left_out() -> None:
    history: History[tuple[int, str]] = History((0, "a"))
    for value in ((1, "a"), (1, "b"), (2, "b"), (3, "c")):
        history = history.to(value)
    history = history.undo().undo()
    mapped = history.map(lambda value: (value[0], "z"))
    assert mapped.present == (1, "z") and mapped.past == ((0, "z"),) and mapped.future == ((2, "z"), (3, "z"))
    assert mapped.undo().present == (0, "z") and mapped.redo().redo().present == (3, "z")
