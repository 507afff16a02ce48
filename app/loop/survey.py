"""How much of a scene is painted: texels by material and by steps, counted from the atlas."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.atlas import STEPS
from engine.charts import Charts
from engine.context import finish
from engine.pack import PAGE
from engine.volume import LatentVolume

NOTHING = np.iinfo(np.int16).min  # a place of the atlas that no chart has
LAST_BIN = 64  # steps; what has more counts here


@dataclass(frozen=True)
class Survey:
    """revision: of the volume when it was counted; texels, painted: by material index, SKY included;
    steps: int64 [LAST_BIN + 1], painted texels by their whole number of steps; bytes: GPU memory of the pages."""

    revision: int
    texels: dict[int, int]
    painted: dict[int, int]
    steps: np.ndarray
    bytes: int

    @property
    def share(self) -> float:
        """0..1 of all texels."""
        return sum(self.painted.values()) / max(1, sum(self.texels.values()))


def materials(charts: Charts) -> np.ndarray:
    """int16 [pages,PAGE,PAGE]: which material lies where in the atlas, or NOTHING."""
    table = np.full((charts.pages, PAGE, PAGE), NOTHING, np.int16)
    for page, x, y, (w, h), material in zip(charts.page, charts.x, charts.y, charts.size, charts.material, strict=True):
        table[page, y : y + h, x : x + w] = material
    return table


def survey(volume: LatentVolume, table: np.ndarray) -> Survey:
    """Count. table: of `materials`. GL thread: it reads the state of every painted page, about a millisecond each."""
    numbers, counts = np.unique(table[table != NOTHING], return_counts=True)
    painted = dict.fromkeys(numbers.tolist(), 0)
    steps = np.zeros(LAST_BIN + 1, np.int64)
    finish(volume.ctx)
    for number in volume.atlas:
        stored = volume.atlas[number].read_state()[..., STEPS]
        done = stored > 0
        steps += np.bincount(np.minimum(stored[done], LAST_BIN).astype(int), minlength=LAST_BIN + 1)
        for material, count in zip(*np.unique(table[number][done], return_counts=True), strict=True):
            painted[int(material)] = painted.get(int(material), 0) + int(count)
    painted.pop(int(NOTHING), None)
    return Survey(
        volume.revision, dict(zip(numbers.tolist(), counts.tolist(), strict=True)), painted, steps, volume.atlas.bytes
    )
