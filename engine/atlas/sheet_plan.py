"""Plans the sheets that paint given texels: few of them, the nearest surfaces first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.atlas.needs import TexelNeeds
from engine.atlas.patches import TALLEST, WIDEST, cut_patches
from engine.geometry.planes import PlaneIndex
from engine.geometry.sheet import RIM, Patch, Sheet
from engine.geometry.skyline import Skyline

WIDTH, HEIGHT = WIDEST + 2 * RIM, TALLEST + 2 * RIM  # latent pixels of a sheet, at most
AMONG = 4  # of the nearest sheets, one is chosen that does not touch the last ones
TRIED = 200  # patches that may not fit before a sheet is closed

Ranked = tuple[float, Patch]  # with its least distance from the eye


def plan_sheets(planes: PlaneIndex, needs: TexelNeeds, multiple: int = 1) -> list[Sheet]:
    """Return sheets that paint all texels of `needs`, each at least at the density it needs (as far as a cell holds it).

    multiple: latent pixels that both sides of a sheet are multiples of; at most 4.
    """
    ranked: list[tuple[float, Sheet]] = []
    for scale, patches in cut_patches(planes, needs).items():
        ranked += _arrange(patches, scale, multiple)
    return _keep_apart([sheet for _, sheet in sorted(ranked, key=lambda pair: pair[0])])


def _keep_apart(sheets: list[Sheet]) -> list[Sheet]:
    """Let a sheet not touch the two before it, or at least the last one, where the order by distance allows it: it can then be gathered
    and dreamed while they are."""
    left, order = list(sheets), list[Sheet]()
    while left:
        near = left[:AMONG]
        touching = [next((n for n, one in enumerate(order[:-3:-1]) if one.touches(sheet)), 2) for sheet in near]
        order.append(left.pop(touching.index(max(touching))))
    return order


def _arrange(patches: list[Ranked], scale: int, multiple: int) -> Iterator[tuple[float, Sheet]]:
    """Yield sheets of one scale with the least distance of their patches.

    The nearest patches come first, as many as fill a sheet by their area. They are placed tall before low, which leaves few gaps, and
    further ones fill those.
    """
    left = _nearest_first(patches)
    while left:
        filling = _count_filling(left)
        nearest, *others = left[:filling]
        order = [nearest, *sorted(others, key=lambda pair: (-pair[1].rows, -pair[1].columns)), *left[filling:]]
        placed, others = _place(order)
        yield nearest[0], _sheet(placed, scale, multiple)
        left = _nearest_first(others)


def _place(patches: list[Ranked]) -> tuple[list[Patch], list[Ranked]]:
    """Place patches on a sheet, in their order; return those and the others, which found no room."""
    skyline, placed, others = Skyline(WIDTH, HEIGHT), [], []
    for pair in patches:
        if len(others) > TRIED or (at := skyline.place(*_size(pair))) is None:
            others.append(pair)
        else:
            placed.append(replace(pair[1], column=at[0] + RIM, row=at[1] + RIM))
    return placed, others


def _sheet(placed: list[Patch], scale: int, multiple: int) -> Sheet:
    """The smallest sheet that holds these patches."""
    sides = max(p.column + p.columns for p in placed) + RIM, max(p.row + p.rows for p in placed) + RIM
    columns, rows = (-(-n // multiple) * multiple for n in sides)
    return Sheet(tuple(placed), columns, rows, scale)


def _size(ranked: Ranked) -> tuple[int, int]:
    """Columns and rows of a patch with its rim."""
    return ranked[1].columns + 2 * RIM, ranked[1].rows + 2 * RIM


def _nearest_first(patches: list[Ranked]) -> list[Ranked]:
    return sorted(patches, key=lambda pair: (pair[0], -pair[1].area))


def _count_filling(patches: list[Ranked]) -> int:
    """Return how many of the first patches have the area of a sheet, with their rims; at least 1."""
    area = 0
    for number, pair in enumerate(patches):
        columns, rows = _size(pair)
        area += columns * rows
        if area > WIDTH * HEIGHT:
            return max(number, 1)
    return len(patches)
