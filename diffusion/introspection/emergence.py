"""When a dream's regions become what they will be: how much of the last prediction each step's has already, in large and in small."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from diffusion.canvas import Region

BLUR = 2.0  # latent pixels: what it leaves are large shapes, what it takes are details
SETTLED = 0.8  # of what will be there, from which on it is recognised
LEAST = 0.01  # of the picture; smaller regions say nothing
Bands = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Emergence:
    """prompt: "" for the whole picture; share: of the picture, 0..1; coarse, fine: float64 [steps], 0..1, how much of the variance of
    the last step's large shapes and of its details each step's explain: their squared correlation, so contrast doesn't count."""

    prompt: str
    share: float
    coarse: np.ndarray
    fine: np.ndarray


def measure_emergence_slices(
    pictures: Sequence[np.ndarray], regions: Sequence[Region], change: np.ndarray
) -> Generator[None, None, tuple[Emergence, ...]]:
    """The whole picture, then its regions, the largest first; a step of the dream for each step.

    pictures: uint8 [h,w,3] of each step's prediction, all by the same map, at the resolution of the masks; change: float32 [h,w], as of
    a Canvas: what is only remembered doesn't emerge. Nothing where all is remembered.
    """
    masks: dict[str, np.ndarray] = {"": change}
    for region in regions:
        masks[region.prompt] = masks.get(region.prompt, 0.0) + region.mask * change
    masks = {prompt: mask for prompt, mask in masks.items() if mask.mean() >= LEAST}
    last, rows = _bands(pictures[-1]), []
    for picture in pictures:
        bands = _bands(picture)
        rows.append([[_explained(a, b, mask) for a, b in zip(bands, last, strict=True)] for mask in masks.values()])
        yield
    curves = np.array(rows).reshape(len(rows), len(masks), 2)
    found = [
        Emergence(prompt, float(mask.mean()), curves[:, i, 0], curves[:, i, 1])
        for i, (prompt, mask) in enumerate(masks.items())
    ]
    return tuple(sorted(found, key=lambda one: (one.prompt != "", -one.share)))


def measure_emergence(
    pictures: Sequence[np.ndarray], regions: Sequence[Region], change: np.ndarray
) -> tuple[Emergence, ...]:
    """`emerging`, at once."""
    work = measure_emergence_slices(pictures, regions, change)
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def settling_step(curve: np.ndarray) -> int:
    """The first step from which on a curve stays above SETTLED: at the latest the last, which explains itself."""
    below = np.flatnonzero(curve[:-1] < SETTLED)
    return int(below[-1]) + 1 if len(below) else 0


def _bands(picture: np.ndarray) -> Bands:
    """float64 [h,w,3] each: large shapes and colours, beside the picture's mean colour; details."""
    numbers = picture.astype(np.float64)
    coarse = gaussian_filter(numbers, (BLUR, BLUR, 0), mode="nearest")
    return coarse - coarse.mean((0, 1)), numbers - coarse


def _explained(a: np.ndarray, b: np.ndarray, mask: np.ndarray) -> float:
    both, own, other = (float(np.einsum("hw,hwc,hwc->", mask, x, y)) for x, y in ((a, b), (a, a), (b, b)))
    return max(both, 0.0) ** 2 / max(own * other, 1e-9)
