"""Plans the sheets that paint given texels: few of them, the nearest surfaces first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from engine.atlas import policy
from engine.atlas.needs import TexelNeeds
from engine.geometry.planes import PlaneIndex
from engine.geometry.rectangles import merge_rectangles, split_rectangles
from engine.geometry.sheet import RIM, Patch, Sheet

TILE = 16  # texels: patches are cut along such a grid of their plane
COARSEST = 8  # texels along a side of a latent pixel
COLUMNS, ROWS = 4, 3  # tiles of a sheet at scale 1, without rims: with them 68 × 52 latent pixels
ACROSS = 1 << 20  # tiles along a plane, at most
TRIED = 200  # patches that may not fit before a sheet is closed


def plan_sheets(planes: PlaneIndex, needs: TexelNeeds, multiple: int = 1) -> list[Sheet]:
    """Return sheets that paint all texels of `needs`, each at least at the density it needs (as far as a cell holds it).

    multiple: latent pixels that both sides of a sheet are multiples of; at most 4.
    """
    ranked: list[tuple[float, Sheet]] = []
    for scale, patches in _cut_patches(planes, needs).items():
        ranked += _arrange(patches, scale, multiple)
    return [sheet for _, sheet in sorted(ranked, key=lambda pair: pair[0])]


def coarsest_scale(density: np.ndarray) -> np.ndarray:
    """Return int [n]: the most texels along a side of a latent pixel that give the density: 1, 2, 4 or COARSEST."""
    room = policy.CELL_DENSITY / np.clip(density, policy.CELL_DENSITY / COARSEST, policy.CELL_DENSITY)
    return 1 << np.floor(np.log2(room) + 1e-6).astype(int)


def _cut_patches(planes: PlaneIndex, needs: TexelNeeds) -> dict[int, list[tuple[float, Patch]]]:
    """Return, for each scale, patches without a place yet, with their least distance from the eye."""
    out: dict[int, list[tuple[float, Patch]]] = {}
    for scale, plane, tiles in _tiles(planes, needs):
        u0, v0 = int(tiles.u.min()), int(tiles.v.min())
        label = np.zeros((1, int(tiles.v.max()) - v0 + 1, int(tiles.u.max()) - u0 + 1), np.int32)
        number = label[0].copy()
        number[tiles.v - v0, tiles.u - u0] = np.arange(len(tiles.u))
        label[0, tiles.v - v0, tiles.u - u0] = 1
        for r in split_rectangles(merge_rectangles(label), ROWS * scale, COLUMNS * scale):
            rows, columns = slice(r["row"], r["row"] + r["rows"]), slice(r["column"], r["column"] + r["columns"])
            inside = number[rows, columns].ravel()
            low, high = tiles.low[:, inside].min(1) // scale, -(-tiles.high[:, inside].max(1) // scale)
            (u, v), (width, height) = (low * scale).tolist(), (high - low).tolist()
            out.setdefault(scale, []).append((float(tiles.distance[inside].min()), Patch(plane, u, v, width, height)))
    return out


@dataclass(frozen=True)
class _Tiles:
    """Tiles of one plane: u, v: int [n], numbers; low, high: int [2,n], first and end (u, v) of the texels needed of each;
    distance: float [n], the least of its texels'."""

    u: np.ndarray
    v: np.ndarray
    low: np.ndarray
    high: np.ndarray
    distance: np.ndarray


def _tiles(planes: PlaneIndex, needs: TexelNeeds) -> Iterator[tuple[int, int, _Tiles]]:
    """Yield scale, plane and the tiles that need this scale."""
    plane = planes.plane[needs.chart].astype(np.int64)
    u, v = planes.u[needs.chart] + needs.i, planes.v[needs.chart] + needs.j
    # one number for each tile: sorting numbers is ten times as fast as sorting columns
    number = (plane * ACROSS + v // TILE + ACROSS // 2) * ACROSS + u // TILE + ACROSS // 2
    _, first, which = np.unique(number, return_index=True, return_inverse=True)
    count = len(first)
    density, distance = np.zeros(count), np.full(count, np.inf)
    low, high = np.full((2, count), np.iinfo(np.int64).max), np.full((2, count), np.iinfo(np.int64).min)
    np.maximum.at(density, which, needs.density)
    np.minimum.at(distance, which, needs.distance)
    for k, texel in enumerate((u, v)):
        np.minimum.at(low[k], which, texel)
        np.maximum.at(high[k], which, texel + 1)
    group = np.stack([coarsest_scale(density), plane[first]])
    for scale, number in np.unique(group, axis=1).T.tolist():
        here = np.flatnonzero((group[0] == scale) & (group[1] == number))
        at = first[here]
        yield scale, number, _Tiles(u[at] // TILE, v[at] // TILE, low[:, here], high[:, here], distance[here])


def _arrange(patches: list[tuple[float, Patch]], scale: int, multiple: int) -> Iterator[tuple[float, Sheet]]:
    """Yield sheets of one scale with the least distance of their patches; the nearest patches come first."""
    width, height = COLUMNS * TILE + 2 * RIM, ROWS * TILE + 2 * RIM
    left = sorted(patches, key=lambda pair: (pair[0], -pair[1].area))
    while left:
        shelves: list[list[int]] = []  # row, height, columns used
        placed, others, failed = [], [], 0
        for pair in left:
            if failed > TRIED or (at := _place(shelves, pair[1], width, height)) is None:
                others.append(pair)
                failed += 1
                continue
            placed.append(replace(pair[1], column=at[0] + RIM, row=at[1] + RIM))
        columns, rows = max(s[2] for s in shelves), max(s[0] + s[1] for s in shelves)
        columns, rows = (-(-n // multiple) * multiple for n in (columns, rows))
        yield left[0][0], Sheet(tuple(placed), columns, rows, scale)
        left = others


def _place(shelves: list[list[int]], patch: Patch, width: int, height: int) -> tuple[int, int] | None:
    """Return column and row for a patch with its rim, and reserve them; None where the sheet has no room."""
    w, h = patch.columns + 2 * RIM, patch.rows + 2 * RIM
    fits = [s for s in shelves if s[1] >= h and s[2] + w <= width]
    shelf = min(fits, key=lambda s: s[1], default=None)
    top = shelves[-1][0] + shelves[-1][1] if shelves else 0
    if shelf is None and top + h <= height:
        shelves.append(shelf := [top, h, 0])
    if shelf is None:
        return None
    shelf[2] += w
    return shelf[2] - w, shelf[0]
