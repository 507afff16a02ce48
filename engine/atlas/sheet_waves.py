"""Which sheets may be painted at the same time: those of which none reads what another one writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.geometry.pack import PAGE

Box = tuple[int, int, int, int]  # x, y, width, height
LAST = 63  # wave: sheets that would need a later one wait for each other within it


@dataclass(frozen=True)
class Footprint:
    """Texels of one chart under a sheet. box: on their page; reads, writes: bool [h,w], which of them gathering the sheet reads, and
    writing it may change."""

    page: int
    box: Box
    reads: np.ndarray
    writes: np.ndarray


def cut_waves(footprints: Iterable[Sequence[Footprint]]) -> list[int]:
    """Return for each sheet its wave: 0, 1, …, the first that holds no sheet which it touches.

    Sheets of one wave don't depend on one another. Painted wave after wave, a sheet finds those of its neighbours painted that are
    in earlier waves, and hundreds of sheets wait for a handful of waves instead of for one another.
    """
    reads: dict[int, np.ndarray] = {}  # page → uint64 [PAGE,PAGE], one bit for each wave that reads the texel
    writes: dict[int, np.ndarray] = {}
    waves = []
    for sheet in footprints:
        taken = 0
        for part in sheet:
            taken |= _union(_of_box(writes, part, np.uint64)[part.reads])
            taken |= _union(_of_box(reads, part, np.uint64)[part.writes])
        wave = min((~taken & (taken + 1)).bit_length() - 1, LAST)  # the lowest bit that isn't set
        for part in sheet:
            _of_box(reads, part, np.uint64)[part.reads] |= np.uint64(1 << wave)
            _of_box(writes, part, np.uint64)[part.writes] |= np.uint64(1 << wave)
        waves.append(wave)
    return waves


def count_required(footprints: Iterable[Sequence[Footprint]]) -> list[int]:
    """Return for each sheet how many of the first sheets must be written before it is gathered.

    It then reads exactly what it would if all sheets were painted one after the other, provided that they are also written in this
    order. A sheet that touches no earlier one waits for none.
    """
    writers: dict[int, np.ndarray] = {}  # page → int32 [PAGE,PAGE], 1 + the last sheet that writes each texel
    required = []
    for number, sheet in enumerate(footprints):
        required.append(
            max((int(_of_box(writers, part, np.int32)[part.reads].max(initial=0)) for part in sheet), default=0)
        )
        for part in sheet:
            _of_box(writers, part, np.int32)[part.writes] = number + 1
    return required


def _of_box(pages: dict[int, np.ndarray], part: Footprint, dtype: type) -> np.ndarray:
    """Return the texels of a footprint's box, as a view. A page that isn't there yet begins with zeros."""
    x, y, w, h = part.box
    if part.page not in pages:
        pages[part.page] = np.zeros((PAGE, PAGE), dtype)
    return pages[part.page][y : y + h, x : x + w]


def _union(bits: np.ndarray) -> int:
    return int(np.bitwise_or.reduce(bits, initial=np.uint64(0)))
