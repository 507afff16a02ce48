"""The connections of a U-Net's blocks and when data takes them: the main flow, skip connections as bridges, words from below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.unet_view.slab import Slab

# Lengths are in sides of a full-resolution map.
RISE = 0.34  # height of a bridge above its higher end, as a share of its span
PROMPT = 0.45  # distance of the prompt below the lowest block
END = 0.3  # length of the open ends of the flow
LEAVES = 0.08  # share of the call's time in which the answer leaves
WORDS_TIME = 0.2  # share of the call's time that words take
WORDS_ENERGY = 0.6  # energy of words
FINE = 24  # segments of a curve


@dataclass(frozen=True)
class Path:
    """A connection. kind: flow, bridge or words; points: float64 [FINE+1,3], evenly spaced; start, end: departure and arrival of the data,
    as shares of the call's time; energy: 0..1, strength of the flow; block: the block whose output or input it is."""

    kind: str
    points: np.ndarray
    start: float
    end: float
    energy: float
    block: int

    @property
    def length(self) -> float:
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())


def flow_paths(slabs: Sequence[Slab], moments: np.ndarray, energy: Sequence[float]) -> list[Path]:
    """Return the paths into each block from the one before, while the block works, and out of the last. moments: as in `Anatomy`;
    energy: 0..1 per block, of its output."""
    end = np.array([END, 0.0, 0.0])
    first, last = slabs[0].point(-1, 0), slabs[-1].point(1, 0)
    paths = [Path("flow", _line(first - end, first), 0.0, float(moments[1]), energy[0], 0)]
    for i, (one, other) in enumerate(pairwise(slabs), start=1):
        right, up = facing_side(one, other)
        a, b = one.point(right, up), other.point(-right, -up)
        bend = 0.6 * abs(b - a) * (right, up, 0)
        paths.append(
            Path("flow", _curve(a, a + bend, b - bend, b), float(moments[i]), float(moments[i + 1]), energy[i - 1], i)
        )
    return [*paths, Path("flow", _line(last, last + end), 1 - LEAVES, 1.0, energy[-1], len(slabs) - 1)]


def bridge_paths(
    partners: Sequence[tuple[int, int]], slabs: Sequence[Slab], moments: np.ndarray, energy: Sequence[float]
) -> list[Path]:
    """Return arches for skip connections, from the time their data is ready until it is used."""
    paths = []
    for one, other in partners:
        a, b = slabs[one].point(1, 0.5), slabs[other].point(-1, 0.5)
        span = b - a
        high = max(a[1], b[1]) + RISE * float(np.hypot(span[0], span[1]))
        rising, falling = (np.array([p[0] + 0.25 * dx, high, p[2]]) for p, dx in ((a, span[0]), (b, -span[0])))
        curve = _curve(a, rising, falling, b)
        paths.append(Path("bridge", curve, float(moments[one + 1]), float(moments[other]), energy[one], one))
    return paths


def word_paths(ears: Sequence[int], slabs: Sequence[Slab], moments: np.ndarray) -> list[Path]:
    """Return paths from the prompt, below the centre, to each block that reads it, arriving when the block starts."""
    lowest = min(slab.place[1] - slab.height / 2 for slab in slabs)
    source = np.array([(slabs[0].place[0] + slabs[-1].place[0]) / 2, lowest - PROMPT, 0.0])
    paths = []
    for i in ears:
        ear = slabs[i].point(0, -1, 1)
        below = np.array([ear[0], source[1], ear[2]])
        curve = _curve(source, 0.45 * source + 0.55 * below, below, ear)
        begins = float(moments[i])
        paths.append(
            Path("words", curve, begins - min(begins, WORDS_TIME), max(begins, WORDS_TIME / 4), WORDS_ENERGY, i)
        )
    return paths


def facing_side(one: Slab, other: Slab) -> tuple[int, int]:
    """Return the side of `one` that faces `other`: (1, 0) right, (0, 1) above, (0, −1) below."""
    rise = other.place[1] - one.place[1]
    apart = abs(rise) > (one.height + other.height) / 2
    return (0, 1 if rise > 0 else -1) if apart else (1, 0)


def _line(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.linspace(a, b, FINE + 1)


def _curve(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Return float64 [FINE+1,3]: points of the cubic Bézier curve at equal distances."""
    t = np.linspace(0, 1, 4 * FINE + 1)[:, None]
    points = (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    even = np.linspace(0, length[-1], FINE + 1)
    return np.stack([np.interp(even, length, column) for column in points.T], axis=1)
