"""Counts the painted texels of a scene by material and by number of steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.atlas.page import STEPS, Page
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import Charts
from engine.gl.context import wait_for_gl

NOTHING = np.int16(np.iinfo(np.int16).min)  # a place of the atlas that no chart has
LAST_BIN = 64  # steps; what has more counts here


@dataclass(frozen=True)
class Survey:
    """revision: of the volume when it was counted; texels, painted: by material index, SKY included;
    steps: int64 [LAST_BIN + 1], painted texels by their whole number of steps; bytes: GPU memory of the pages;
    pages: number → (its stamp, painted texels by material, by steps)."""

    revision: int
    texels: dict[int, int]
    painted: dict[int, int]
    steps: np.ndarray
    bytes: int
    pages: Mapping[int, tuple[int, np.ndarray, np.ndarray]]

    @property
    def share(self) -> float:
        """Painted share of all texels, 0..1."""
        return sum(self.painted.values()) / max(1, sum(self.texels.values()))


def materials(charts: Charts, page: int) -> np.ndarray:
    """int16 [PAGE,PAGE]: the material of each texel of a page, or NOTHING."""
    owner = charts.owner_map(page)
    return np.where(owner >= 0, charts.material[owner], NOTHING)


def survey(volume: LatentVolume, before: Survey | None = None) -> Survey:
    """Count texels. before: an earlier survey of the same charts; its pages are counted again only if they changed.

    Runs on the GL thread; reading a page takes about a millisecond."""
    charts, known = volume.charts, before.pages if before else {}
    numbers, which = np.unique(charts.material, return_inverse=True)
    texels = np.bincount(which, charts.area).astype(int)
    wait_for_gl(volume.ctx)
    pages = {}
    for number in volume.atlas:
        page = volume.atlas[number]
        old = known.get(number)
        pages[number] = (
            old if old and old[0] == page.stamp else (page.stamp, *_count(page, materials(charts, number), numbers))
        )
    painted = sum((counts for _, counts, _ in pages.values()), np.zeros(len(numbers), np.int64))
    steps = sum((bins for _, _, bins in pages.values()), np.zeros(LAST_BIN + 1, np.int64))
    there, done = (dict(zip(numbers.tolist(), counts.tolist(), strict=True)) for counts in (texels, painted))
    return Survey(volume.revision, there, done, steps, volume.atlas.bytes, pages)


def _count(page: Page, table: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Painted texels of a page by material, int64 [len(numbers)], and by steps, int64 [LAST_BIN + 1]."""
    stored = page.read_state()[..., STEPS]
    done = stored > 0
    steps = np.bincount(np.minimum(stored[done], LAST_BIN).astype(int), minlength=LAST_BIN + 1)
    return np.bincount(table[done].view(np.uint16), minlength=1 << 16)[numbers], steps  # SKY, -1, is the last of them
