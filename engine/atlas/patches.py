"""Cuts needed texels into rectangles of their planes, as few and small as painting them with their rims is cheap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.atlas import policy
from engine.atlas.needs import TexelNeeds
from engine.geometry.planes import PlaneIndex
from engine.geometry.rectangles import merge_rectangles, split_rectangles
from engine.geometry.sheet import RIM, Patch

TILE = 8  # texels: rectangles are cut along such a grid of their plane
COARSEST = 8  # texels along a side of a latent pixel
WIDEST, TALLEST = 64, 48  # latent pixels of a patch
ACROSS = 1 << 20  # tiles along a plane, at most
TOGETHER = 256  # rectangles of a plane that are compared with one another


def cut_patches(planes: PlaneIndex, needs: TexelNeeds) -> dict[int, list[tuple[float, Patch]]]:
    """Return for each scale patches without a place yet that cover all texels of `needs`, with their least distance from the eye.

    Each patch paints at least at the density that its texels need, as far as a cell holds it.
    """
    out: dict[int, list[tuple[float, Patch]]] = {}
    for plane, found in _rectangles(planes, needs).items():
        for first in range(0, len(found.scale), TOGETHER):
            joined = _join(found.only(slice(first, first + TOGETHER)))
            low, high = joined.cells()
            size = high - low
            low = low * joined.scale[:, None]
            for n, scale in enumerate(joined.scale.tolist()):
                patch = Patch(plane, *low[n].tolist(), *size[n].tolist())
                out.setdefault(scale, []).append((float(joined.distance[n]), patch))
    return out


def coarsest_scale(density: np.ndarray) -> np.ndarray:
    """Return int [n]: the most texels along a side of a latent pixel that give the density: 1, 2, 4 or COARSEST.

    Fewer would do by `policy.FINAL_SHARE`, but joints of bricks that are finer than a latent pixel come out smeared.
    """
    room = policy.CELL_DENSITY / np.clip(density, policy.CELL_DENSITY / COARSEST, policy.CELL_DENSITY)
    return 1 << np.floor(np.log2(room) + 1e-6).astype(int)


@dataclass(frozen=True)
class _Rectangles:
    """Rectangles of one plane. low, high: int [n,2], first and end texel (u, v); scale: int [n]; distance: float [n], the least of
    their texels'."""

    low: np.ndarray
    high: np.ndarray
    scale: np.ndarray
    distance: np.ndarray

    def only(self, which: slice | np.ndarray) -> _Rectangles:
        return _Rectangles(self.low[which], self.high[which], self.scale[which], self.distance[which])

    def cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Return int [n,2] first and end latent pixel (u, v)."""
        return self.low // self.scale[..., None], -(-self.high // self.scale[..., None])

    def costs(self) -> np.ndarray:
        """Return float [n]: the latent pixels that are dreamed for each as a patch with its rim; inf for one that is too large."""
        low, high = self.cells()
        size = high - low
        return np.where((size <= (WIDEST, TALLEST)).all(-1), (size + 2 * RIM).prod(-1), np.inf)

    def beside(self, other: _Rectangles) -> _Rectangles:
        """What covers each and its other one, at the finer scale of both."""
        low, high = np.minimum(self.low, other.low), np.maximum(self.high, other.high)
        return _Rectangles(low, high, np.minimum(self.scale, other.scale), np.minimum(self.distance, other.distance))


def _join(found: _Rectangles) -> _Rectangles:
    """Replace two rectangles by one around both while that saves latent pixels, the most saving ones first: rims are dear."""
    cost = found.costs()
    gain = cost[:, None] + cost - found.only(np.arange(len(cost))[:, None]).beside(found).costs()
    np.fill_diagonal(gain, -np.inf)
    left = np.ones(len(cost), bool)
    while gain.max() > 0:
        kept, gone = divmod(int(gain.argmax()), len(gain))
        pair = found.only(np.array([kept])).beside(found.only(np.array([gone])))
        for name in ("low", "high", "scale", "distance"):
            getattr(found, name)[kept] = getattr(pair, name)[0]
        cost[kept], left[gone] = pair.costs()[0], False
        gain[gone] = gain[:, gone] = -np.inf
        gain[kept] = np.where(left, cost[kept] + cost - found.beside(pair).costs(), -np.inf)
        gain[kept, kept] = -np.inf
        gain[:, kept] = gain[kept]
    return found.only(left)


def _rectangles(planes: PlaneIndex, needs: TexelNeeds) -> dict[int, _Rectangles]:
    """Return for each plane rectangles of tiles that need the same scale, shrunk to the texels needed."""
    found: dict[int, list[tuple[list[int], list[int], int, float]]] = {}
    for scale, plane, tiles in _tiles(planes, needs):
        u0, v0 = int(tiles.u.min()), int(tiles.v.min())
        label = np.zeros((1, int(tiles.v.max()) - v0 + 1, int(tiles.u.max()) - u0 + 1), np.int32)
        number = label[0].copy()
        number[tiles.v - v0, tiles.u - u0] = np.arange(len(tiles.u))
        label[0, tiles.v - v0, tiles.u - u0] = 1
        most = (side * scale // TILE for side in (TALLEST, WIDEST))
        for r in split_rectangles(merge_rectangles(label), *most):
            rows, columns = slice(r["row"], r["row"] + r["rows"]), slice(r["column"], r["column"] + r["columns"])
            inside = number[rows, columns].ravel()
            low, high = tiles.low[:, inside].min(1).tolist(), tiles.high[:, inside].max(1).tolist()
            found.setdefault(plane, []).append((low, high, scale, float(tiles.distance[inside].min())))
    return {plane: _Rectangles(*map(np.array, zip(*rows, strict=True))) for plane, rows in found.items()}


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
