"""Where each chart lies in the textures of an export: pages of one material each, with gutters that mip levels may bleed into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from base.grid import CELL
from engine.export.paint import Paint
from engine.geometry.charts import Charts
from engine.geometry.pack import order_by_place, pack_rectangles

GUTTER = 16  # pixels on each side of a chart; charts start at multiples of it: mip levels 0 to 4 never mix two charts
LARGEST = 2048  # pixels along a page: what every device can draw
OVERLAP = (
    0.01  # texels by which a quad reaches into its gutter: where large charts meet small ones, rounding leaves no gaps
)
BARE = 2  # pixels along a texel of charts that have no paint: their colours are even


@dataclass(frozen=True)
class Page:
    """A texture. material: an index of the scene's, or SKY; charts: int [n]; width, height: pixels, multiples of GUTTER."""

    material: int
    charts: np.ndarray
    width: int
    height: int


@dataclass(frozen=True)
class Layout:
    """Columns of N charts (zeros for meshes, which have textures of their own): page int32; x, y int32, pixels of the chart's own
    corner; scale int32, pixels along a texel."""

    pages: tuple[Page, ...]
    page: np.ndarray
    x: np.ndarray
    y: np.ndarray
    scale: np.ndarray

    def quads(self, charts: Charts) -> tuple[np.ndarray, np.ndarray]:
        """float64 [N,4,3] and [N,4,2]: the corners of all charts, in the order of `Charts.corners`, each OVERLAP beyond it,
        in blocks (SKY: directions) and as texture coordinates; (0, 0) is the top left of the page."""
        beyond = OVERLAP * np.array([(-1, -1), (1, -1), (-1, 1), (1, 1)])
        place = np.array([(0, 0), (1, 0), (0, 1), (1, 1)]) * charts.size[:, None] + beyond  # [N,4,2] texels
        points = charts.origin[:, None] + place[..., :1] * charts.u[:, None] + place[..., 1:] * charts.v[:, None]
        pixels = np.stack([self.x, self.y], axis=1)[:, None] + place * self.scale[:, None, None]
        pages = np.array([(p.width, p.height) for p in self.pages], dtype=np.float64)
        return points, pixels / pages[self.page, None]


def lay_out(charts: Charts, paint: Paint) -> Layout:
    """Place all charts of blocks and the sky: those of a material together, neighbours on the same page."""
    placed = charts.sky | charts.of_blocks
    painted = np.array([p and (paint.texels(charts, c) >= 0).any() for c, p in enumerate(placed)], dtype=bool)
    scale = np.where(painted, CELL, BARE).astype(np.int32)
    slots = -(-(charts.size * scale[:, None] + 2 * GUTTER) // GUTTER)  # in gutters
    page, x, y = (np.zeros(len(charts), np.int32) for _ in range(3))
    pages: list[Page] = []
    for material in np.unique(charts.material[placed]):
        own = np.flatnonzero((charts.material == material) & placed)
        side, place = _pack(slots[own], charts.centre[own], charts.texel)
        for number in range(int(place[:, 0].max()) + 1):
            here = place[:, 0] == number
            height = int((place[here, 2] + slots[own[here], 1]).max())
            pages.append(Page(int(material), own[here], side * GUTTER, height * GUTTER))
            page[own[here]] = len(pages) - 1
        x[own], y[own] = (place[:, 1:] * GUTTER + GUTTER).T
    return Layout(tuple(pages), page, x, y, scale)


def _pack(slots: np.ndarray, centre: np.ndarray, texel: float) -> tuple[int, np.ndarray]:
    """(side of the pages in gutters, place int32 [n,3] of page, x, y): the smallest power of two that holds all on one page."""
    side = LARGEST // GUTTER
    order = order_by_place(slots, centre, 1.5 * side * GUTTER / CELL * texel)
    place = pack_rectangles(slots, order, side)
    while place[:, 0].max() == 0 and side // 2 >= slots.max():
        smaller = pack_rectangles(slots, order, side // 2)
        if smaller[:, 0].max() > 0:
            break
        side, place = side // 2, smaller
    return side, place
