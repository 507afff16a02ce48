"""Compare two runs: how similar their predictions are at equal noise, and at which step they become different pictures."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from base.slices import run_to_end
from diffusion.introspection.emergence import SETTLED, explained_share, split_bands


@dataclass(frozen=True, eq=False)
class Parting:
    """pairs: for each step of the first run, the step of the second with the nearest noise level, counted from 0
    coarse, fine: float64 [steps] in 0..1, how much their predictions explain each other, in large shapes and in details"""

    pairs: tuple[int, ...]
    coarse: np.ndarray
    fine: np.ndarray

    @property
    def step(self) -> int | None:
        """The first step from which the large shapes stay different; None if they are similar at the end."""
        alike = np.flatnonzero(self.coarse >= SETTLED)
        first = int(alike[-1]) + 1 if len(alike) else 0
        return first if first < len(self.coarse) else None


def pair_steps(one: Sequence[float], other: Sequence[float]) -> tuple[int, ...]:
    """For each noise level of one run, the index of the nearest one of the other, by their logarithms."""
    levels = np.log(np.maximum(np.asarray(other, np.float64), 1e-12))
    return tuple(int(np.abs(levels - np.log(max(sigma, 1e-12))).argmin()) for sigma in one)


def measure_parting_slices(
    one: Sequence[np.ndarray], other: Sequence[np.ndarray], pairs: Sequence[int], mask: np.ndarray | None = None
) -> Generator[None, None, Parting]:
    """Compare two runs; yields after each step, so that it can run in slices.

    one, other: uint8 [h,w,3], the sketches of each run's predictions, of one size; pairs: from `pair_steps`;
    mask: float [h,w], the pixels that count; None: all.
    """
    mask = np.ones(one[0].shape[:2]) if mask is None else mask
    rows = []
    for picture, pair in zip(one, pairs, strict=True):
        bands = zip(split_bands(picture), split_bands(other[pair]), strict=True)
        rows.append([min(explained_share(a, b, mask), 1.0) for a, b in bands])
        yield
    curves = np.array(rows)
    return Parting(tuple(pairs), curves[:, 0], curves[:, 1])


def measure_parting(
    one: Sequence[np.ndarray], other: Sequence[np.ndarray], pairs: Sequence[int], mask: np.ndarray | None = None
) -> Parting:
    """Like `measure_parting_slices`, in one go."""
    return run_to_end(measure_parting_slices(one, other, pairs, mask))
