"""How a U-Net's blocks are joined in space, and when data goes there: pipes, bridges across, and the prompt's words from below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from engine.unet_view.slab import Slab

# Lengths are in sides of a full-resolution map.
RISE = 0.34  # of a bridge's arch above its higher end, as a share of its span
PROMPT = 0.45  # the prompt, below the lowest block
END = 0.3  # of the pipes that come from nowhere and go nowhere
LEAVES = 0.08  # of the call's time in which the answer is seen to leave
WORDS_TIME = 0.2  # of the call's time that words are under way
WORDS_ENERGY = 0.6  # how brightly
FINE = 24  # pieces of a curve


@dataclass(frozen=True)
class Path:
    """A connection. kind: flow, bridge or words; points: float64 [FINE+1,3], evenly spaced; start, end: when data sets out and arrives,
    as shares of the call's time; energy: 0..1, how much flows; block: whose findings or hearing it is."""

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
    """Into each block from the one before, as long as the block works; and out of the last. moments: as in `Anatomy`; energy: of what
    each block hands on, 0..1."""
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
    """Arches, from when the findings are there until they are wanted."""
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
    """From the prompt, below the middle, to each block that hears it, until that begins."""
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
    """By which sides two blocks are joined: (1, 0) the right, (0, ±1) above or below, where the other is higher or lower."""
    rise = other.place[1] - one.place[1]
    apart = abs(rise) > (one.height + other.height) / 2
    return (0, 1 if rise > 0 else -1) if apart else (1, 0)


def _line(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.linspace(a, b, FINE + 1)


def _curve(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """float64 [FINE+1,3]: the cubic Bézier curve, its points as far from one another everywhere."""
    t = np.linspace(0, 1, 4 * FINE + 1)[:, None]
    points = (1 - t) ** 3 * a + 3 * t * (1 - t) ** 2 * b + 3 * t**2 * (1 - t) * c + t**3 * d
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    even = np.linspace(0, length[-1], FINE + 1)
    return np.stack([np.interp(even, length, column) for column in points.T], axis=1)
