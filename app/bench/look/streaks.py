"""Measure how streaky a picture is: the anisotropy of its gradients.

In each window, the structure tensor (the sum of the gradients' outer products) has two eigenvalues, along and across the main
direction. Their difference over their sum, the *coherence*, is 0 for grains and 1 for parallel lines (Bigün & Granlund,
"Optimal orientation detection of linear symmetry", 1987).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from app.loop.measures import luminance

WINDOW = 32  # pixels along a side: four texels at their finest, and smaller than most patterns of bricks and paving


def directed_energy(picture: np.ndarray, surface: np.ndarray, window: int = WINDOW) -> tuple[float, float]:
    """(sum of the windows' differences of eigenvalues, sum of all squared gradients) of a picture, uint8 or float [H,W,3].

    surface: int [H,W]; only gradients between pixels of one surface count; negative numbers are ignored.
    """
    y = luminance(picture)
    middle = surface[1:-1, 1:-1]
    inside = (middle >= 0) & np.logical_and.reduce(
        [surface[part] == middle for part in (np.s_[1:-1, 2:], np.s_[1:-1, :-2], np.s_[2:, 1:-1], np.s_[:-2, 1:-1])]
    )
    across = np.where(inside, y[1:-1, 2:] - y[1:-1, :-2], 0.0) / 2
    down = np.where(inside, y[2:, 1:-1] - y[:-2, 1:-1], 0.0) / 2
    xx, yy, xy = (_window_sums(product, window) for product in (across * across, down * down, across * down))
    return float(np.hypot(xx - yy, 2 * xy).sum()), float((xx + yy).sum())


def coherence(parts: Iterable[tuple[float, float]]) -> float | None:
    """0..1: the mean coherence of pictures, weighted by their gradients; None without any. parts: of `directed_energy`."""
    directed, whole = np.sum([*parts, (0.0, 0.0)], axis=0)
    return float(directed / whole) if whole > 0 else None


def _window_sums(values: np.ndarray, window: int) -> np.ndarray:
    """Sums over adjacent windows; the last ones may be smaller."""
    for axis in (0, 1):
        values = np.add.reduceat(values, np.arange(0, values.shape[axis], window), axis)
    return values
