"""Data flow through the U-Net: one call with its real timing, slowed down and repeated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.unet_view.layout import Anatomy

PERIOD = 7.0  # seconds: how long a call is shown, whatever it took
STREAM = 40  # drops on the way at a time
TAIL = 0.11  # length of a drop, in sides of a full-resolution map
FAINTEST = 0.5  # brightness of the weakest flow relative to the strongest
SWARM = 0.1  # share of the call's time around the leading drop in which drops are brighter


def call_progress(seconds: float) -> float:
    """Return 0..1, the progress of the call at a time in seconds."""
    return seconds / PERIOD % 1.0


def active_block(anatomy: Anatomy, now: float) -> int:
    """Return the index of the block that works at a moment 0..1 of the call."""
    return int(np.searchsorted(anatomy.moments[1:-1], now, side="right"))


@dataclass(frozen=True)
class Stream:
    """All paths as arrays: points float64 [P,n,3]; start, end, energy, length: float64 [P,1]."""

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
        """Return (head and tail float64 [n,2,3], brightness float64 [n] 0..1, path int [n]) of the drops at a moment 0..1 of the call.

        Drops start at equal intervals, so they are dense where time is spent. One of them is where the call is now; drops near it
        are the brightest.
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
        """Return [n,3], the points at these shares along the paths."""
        place = share * (self.points.shape[1] - 1)
        before = np.minimum(place.astype(int), self.points.shape[1] - 2)
        a, b = self.points[path, before], self.points[path, before + 1]
        return a + (b - a) * (place - before)[:, None]
