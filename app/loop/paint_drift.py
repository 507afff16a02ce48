"""Tracks whether finished paint keeps its colours: compares pages of the atlas with how they looked when first finished."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from base.grid import CELL
from engine.atlas.page import REVISION, SHRINK, STEPS, Page
from engine.geometry.pack import PAGE

FINE = CELL // SHRINK  # overview texels along a texel


@dataclass(frozen=True)
class PageSnapshot:
    """A page at one moment. revision: float32 [PAGE,PAGE], which painting painted each texel, 0 where unpainted; colour: uint8
    [PAGE,FINE,PAGE,FINE,4], mean colours from the overview."""

    revision: np.ndarray
    colour: np.ndarray

    @staticmethod
    def of(page: Page) -> PageSnapshot:
        """Read a page. GL thread, after `finish`; the overview must be up to date."""
        state = page.read_state()
        colour = np.frombuffer(page.overview.read(), np.uint8).reshape(PAGE, FINE, PAGE, FINE, 4)
        return PageSnapshot(np.where(state[..., STEPS] > 0, state[..., REVISION], 0), colour)


class DriftTracker:
    """Stores how each texel looked when it was first seen finished. Uses no GL; not thread-safe."""

    def __init__(self) -> None:
        self._first: dict[
            int, tuple[np.ndarray, PageSnapshot]
        ] = {}  # page → (bool: known texels, how they first looked)

    def update(self, pages: dict[int, PageSnapshot], finished: np.ndarray) -> tuple[float, float]:
        """Compare pages with the stored colours, then store those of texels that are finished for the first time.

        pages: number → page; finished: int [n,3], (page, y, x) of the texels that are finished now. Returns (mean colour
        difference, 0..255, of texels whose paint is still the first, their share of the known painted texels); nan where there
        is none.
        """
        moved = pixels = was = still = 0.0
        for number, page in pages.items():
            known, first = self._first.get(number, (np.zeros((PAGE, PAGE), bool), None))
            if first is not None:
                there = known & (page.revision > 0)
                same = there & (page.revision == first.revision)
                before, now = (p.colour.swapaxes(1, 2)[same].astype(int) for p in (first, page))
                moved, pixels = moved + float(np.abs(now - before)[..., :3].sum()), pixels + before[..., :3].size
                was, still = was + float(there.sum()), still + float(same.sum())
            self._first[number] = self._add(known, first, page, finished[finished[:, 0] == number])
        return moved / pixels if pixels else math.nan, still / was if was else math.nan

    @staticmethod
    def _add(
        known: np.ndarray, first: PageSnapshot | None, page: PageSnapshot, finished: np.ndarray
    ) -> tuple[np.ndarray, PageSnapshot]:
        fresh = np.zeros_like(known)
        fresh[finished[:, 1], finished[:, 2]] = True
        fresh &= ~known
        if first is None:
            return fresh, page
        colour = np.where(fresh[:, None, :, None, None], page.colour, first.colour)
        return known | fresh, PageSnapshot(np.where(fresh, page.revision, first.revision), colour)
