"""Finds charts that may show frozen texels; only those need marks drawn over them."""

from __future__ import annotations

import numpy as np

from engine.atlas.page import TILE
from engine.atlas.pages import Atlas
from engine.geometry.charts import Charts
from engine.geometry.pack import PAGE


def may_show_frozen(charts: Charts, atlas: Atlas, index: np.ndarray) -> np.ndarray:
    """Return bool [n]: whether charts [n] touch a tile that may contain frozen texels."""
    found = np.zeros(len(index), bool)
    left, top = charts.x[index], charts.y[index]
    right, bottom = left + charts.size[index, 0], top + charts.size[index, 1]
    for number in atlas:
        for tile in np.flatnonzero(atlas[number].frozen_tiles):
            row, column = divmod(int(tile), PAGE // TILE)
            x, y = column * TILE, row * TILE
            here = (left < x + TILE) & (right > x) & (top < y + TILE) & (bottom > y)
            found |= here & (charts.page[index] == number)
    return found
