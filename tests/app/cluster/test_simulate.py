"""The model of a crew: cases that are known without it, and the page that shows its results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.cluster.simulate import Costs, beside_each_other, longest_chain, simulate
from app.cluster.tables import write_tables

DOCS = Path(__file__).parents[3] / "docs"


def costs(count: int, dream: float = 1.0, gather: float = 0.0, lay: float = 0.0, way: float = 0.0) -> Costs:
    return Costs([dream] * count, [gather] * count, [lay] * count, way)


def test_sheets_that_do_not_touch_share_all_workers() -> None:
    free = [0] * 64
    assert [simulate(free, costs(64), workers) for workers in (1, 2, 8, 64, 512)] == [64, 32, 8, 1, 1]
    assert longest_chain(free, costs(64)) == 1


def test_a_chain_keeps_one_worker_busy() -> None:
    chain = [*range(10)]
    assert simulate(chain, costs(10), 1) == simulate(chain, costs(10), 8) == longest_chain(chain, costs(10)) == 10


def test_a_wave_begins_before_the_last_one_ends() -> None:
    required = [0, 0, 0, 1, 2, 3]  # each sheet of the second wave needs one of the first
    assert simulate(required, costs(6), 2) == 3, "with a barrier between them it would be 4"


def test_nothing_is_faster_than_the_driver_or_the_longest_chain() -> None:
    spent = costs(40, dream=1.0, gather=0.2, lay=0.1)
    assert simulate([0] * 40, spent, 512) == pytest.approx(spent.driver) == pytest.approx(12)
    assert simulate([0] * 40, spent, 1) == pytest.approx(spent.work, rel=0.02), "it gathers the next one meanwhile"
    assert simulate([0] * 40, costs(40, way=5.0), 40) == 11


def test_copies_of_a_scene_are_painted_wave_after_wave() -> None:
    required, which = beside_each_other([0, 0, 1], [0, 0, 1], 2)
    assert which == [0, 1, 0, 1, 2, 2] and required == [0, 0, 0, 0, 1, 3]


def test_the_page_shows_what_the_model_gives() -> None:
    page = (DOCS / "scaling.md").read_text(encoding="utf-8")
    measured = json.loads((DOCS / "design" / "scaling.json").read_text(encoding="utf-8"))
    assert write_tables(page, measured) == page, "run scripts/scaling.py"
    other = measured | {"sheets": [row | {"dream": 2 * row["dream"]} for row in measured["sheets"]]}
    assert write_tables(page, other) != page
