"""Waves of sheets that don't touch, and how many sheets each must wait for: on rectangles of one page, counted by hand as well."""

from __future__ import annotations

import numpy as np
import pytest

from engine.atlas.sheet_waves import LAST, Footprint, count_required, cut_waves

RIM = 2


def square(x: int, y: int, side: int = 8, page: int = 0) -> list[Footprint]:
    """A sheet that reads a square of texels and writes all of it but its rim."""
    reads = np.ones((side, side), bool)
    writes = np.zeros_like(reads)
    writes[RIM:-RIM, RIM:-RIM] = True
    return [Footprint(page, (x, y, side, side), reads, writes)]


def touch(a: list[Footprint], b: list[Footprint]) -> bool:
    """Whether one of them reads what the other writes."""

    def texels(sheet: list[Footprint], name: str) -> set[tuple[int, int, int]]:
        found = set()
        for part in sheet:
            rows, columns = np.nonzero(getattr(part, name))
            found |= {
                (part.page, int(y) + part.box[1], int(x) + part.box[0]) for y, x in zip(rows, columns, strict=True)
            }
        return found

    return bool(texels(a, "reads") & texels(b, "writes") or texels(a, "writes") & texels(b, "reads"))


@pytest.fixture
def sheets() -> list[list[Footprint]]:
    """Forty squares on two pages, some of which touch, and some sheets of two squares."""
    rng = np.random.default_rng(4)
    places = [square(*rng.integers(0, 40, 2).tolist(), page=int(rng.integers(2))) for _ in range(50)]
    return [*places[:30], *(a + b for a, b in zip(places[30:40], places[40:], strict=True))]


def test_rims_may_overlap_within_a_wave() -> None:
    row = [square(0, 0), square(4, 0), square(6, 0), square(0, 0, page=1)]
    assert cut_waves(row) == [0, 1, 0, 0]
    assert cut_waves([square(0, 0), square(6, 0)]) == [0, 0], "only their rims lie on one another"


def test_sheets_of_a_wave_do_not_touch_and_no_earlier_wave_would_do(sheets) -> None:
    waves = cut_waves(sheets)
    for k, wave in enumerate(waves):
        earlier = [waves[j] for j in range(k) if touch(sheets[j], sheets[k])]
        assert wave == min(set(range(len(sheets))) - set(earlier))
    assert 2 < max(waves) < len(sheets) / 2


def test_a_sheet_needs_the_last_earlier_one_that_writes_what_it_reads(sheets) -> None:
    def reads(k: int, j: int) -> bool:
        return touch([Footprint(p.page, p.box, p.reads, np.zeros_like(p.reads)) for p in sheets[k]], sheets[j])

    by_hand = [max((j + 1 for j in range(k) if reads(k, j)), default=0) for k in range(len(sheets))]
    assert count_required(sheets) == by_hand
    assert 0 in by_hand[1:] and len(set(by_hand)) > 5


def test_more_sheets_on_one_place_than_there_are_waves() -> None:
    pile = [square(0, 0)] * (LAST + 5)
    assert cut_waves(pile)[-5:] == [LAST] * 5
    assert count_required(pile) == list(range(len(pile)))
