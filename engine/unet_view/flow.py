"""What flows through the U-Net: one call, as long as it really took, stretched and begun again and again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.unet_view.layout import Anatomy

PERIOD = 7.0  # seconds of a call, whatever it took
STREAM = 40  # drops that one after the other go the whole way
TAIL = 0.11  # length of a drop, in sides of a full-resolution map
FAINTEST = 0.5  # brightness where the least flows, beside the most
SWARM = 0.1  # of the call's time, in which the drops around the one that leads are brighter


def call_progress(seconds: float) -> float:
    """0..1: how far the call is, on a clock."""
    return seconds / PERIOD % 1.0


def active_block(anatomy: Anatomy, now: float) -> int:
    """Which block works at a moment 0..1 of the call."""
    return int(np.searchsorted(anatomy.moments[1:-1], now, side="right"))


@dataclass(frozen=True)
class Stream:
    """All paths at once, for quick looking up: points float64 [P,n,3]; start, end, energy, length: float64 [P,1]."""

    points: np.ndarray
    start: np.ndarray
    end: np.ndarray
    energy: np.ndarray
    length: np.ndarray

    @staticmethod
    def of(anatomy: Anatomy) -> Stream:
        paths = anatomy.paths
        columns = [(path.start, path.end, path.energy, path.length) for path in paths]
        return Stream(np.stack([path.points for path in paths]), *np.array(columns).T[..., None])

    def place_drops(self, now: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(ends float64 [n,2,3] of each drop, head and tail; brightness float64 [n], 0..1; path int [n]) at a moment 0..1 of the call.

        Drops set out evenly, so they are dense where time is spent. One of them is where the call is now; those near it are the
        brightest.
        """
        lag = np.arange(STREAM) / STREAM
        ages = (now + lag) % 1.0
        glow = 0.45 + 0.55 * np.exp(-((np.minimum(lag, 1 - lag) / SWARM) ** 2))
        share = (ages - self.start) / np.maximum(self.end - self.start, 1e-9)
        path, drop = np.nonzero((share >= 0) & (share <= 1))
        head = share[path, drop]
        tail = np.maximum(0.0, head - TAIL / self.length[path, 0])
        bright = glow[drop] * (FAINTEST + (1 - FAINTEST) * self.energy[path, 0])
        return np.stack([self._points_along(path, head), self._points_along(path, tail)], axis=1), bright, path

    def _points_along(self, path: np.ndarray, share: np.ndarray) -> np.ndarray:
        """[n,3]: places so far along the paths."""
        place = share * (self.points.shape[1] - 1)
        before = np.minimum(place.astype(int), self.points.shape[1] - 2)
        a, b = self.points[path, before], self.points[path, before + 1]
        return a + (b - a) * (place - before)[:, None]
