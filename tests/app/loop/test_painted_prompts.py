"""Paint is known to be of another prompt by its revision; a log of prompts is saved with a world."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.loop.painted_prompts import MAX_ENTRIES, PromptLog

OLD, NEW = ("moss", ""), ("ivy", "")


def log(*entries: tuple[int, tuple[str, str]]) -> PromptLog:
    found = PromptLog()
    for revision, prompt in entries:
        found = found.note(revision, {"wall": prompt})
    return found


@pytest.mark.parametrize(
    ("entries", "now", "outdated"),
    [
        ((), OLD, []),
        (((3, OLD),), OLD, []),
        (((3, OLD),), NEW, [3, 4, 5, 6]),
        (((3, OLD), (5, NEW)), NEW, [3, 4]),
        (((3, OLD), (5, NEW)), OLD, [5, 6]),
        (((3, OLD), (5, NEW), (6, OLD)), OLD, [5]),
        (((5, OLD), (3, NEW)), NEW, []),  # the world of a lower revision was loaded
    ],
)
def test_paint_of_other_prompts_is_found_by_its_revision(entries, now, outdated) -> None:
    found = log(*entries)
    revisions = np.arange(1, 7)
    assert revisions[found.outdated("wall", now)[found.place(revisions)]].tolist() == outdated
    assert not found.outdated("another", now).any()


def test_the_same_prompts_make_no_new_entry_and_entries_are_bounded() -> None:
    assert log((3, OLD), (4, OLD)).entries == log((3, OLD)).entries
    many = log(*((r, (str(r), "")) for r in range(2 * MAX_ENTRIES)))
    assert len(many.entries) == MAX_ENTRIES and many.entries[-1][0] == 2 * MAX_ENTRIES - 1


def test_a_renamed_material_keeps_what_is_known() -> None:
    found = log((3, OLD)).rename({"wall": "brick"})
    assert found.outdated("brick", NEW).any() and not found.outdated("wall", NEW).any()


def test_a_log_survives_a_file() -> None:
    found = log((3, OLD), (5, NEW))
    assert PromptLog.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize(
    "data",
    [None, 3, "x", {}, [[1]], [["a", {}]], [[1, []]], [[-1, {}]], [[10**30, {}]], [[2, {}], [1, {}]], [[1, {"a": 3}]]],
)
def test_a_damaged_log_is_an_empty_one(data) -> None:
    assert PromptLog.from_json(data) == PromptLog()
