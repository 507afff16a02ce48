"""Measure how early a dream's regions settle: how much of the last prediction each step explains, in shapes and in details."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # scipy imports its parts at first use, which shortens the start-up

from base.slices import run_to_end
from diffusion.canvas import Region

BLUR = 2.0  # latent pixels; a Gaussian of this sigma separates large shapes from details
SETTLED = 0.8  # share of the final prediction, explained, above which a region counts as settled
LEAST = 0.01  # share of the picture; smaller regions are ignored
Bands = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Emergence:
    """The curve of one region.

    prompt: "" for the whole picture; share: of the picture, 0..1
    coarse, fine: float64 [steps] in 0..1, the squared correlation of each step's large shapes and details with the last
        step's; a squared correlation ignores contrast
    """

    prompt: str
    share: float
    coarse: np.ndarray
    fine: np.ndarray


def measure_emergence_slices(
    pictures: Sequence[np.ndarray], regions: Sequence[Region], change: np.ndarray
) -> Generator[None, None, tuple[Emergence, ...]]:
    """Measure the whole picture, then its regions, the largest first. Yields after each picture, so that it can run in slices.

    pictures: uint8 [h,w,3], the preview of each step's prediction at the resolution of the masks, all from the same preview map
    change: float32 [h,w] as in `Canvas`; pixels that are kept don't count. Returns () if all pixels are kept.
    """
    masks = masks_by_prompt(regions, change)
    if change.mean() >= LEAST:
        masks[""] = change
    last, rows = split_bands(pictures[-1]), []
    for picture in pictures:
        bands = split_bands(picture)
        rows.append(
            [[explained_share(a, b, mask) for a, b in zip(bands, last, strict=True)] for mask in masks.values()]
        )
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
    """Like `measure_emergence_slices`, in one go."""
    return run_to_end(measure_emergence_slices(pictures, regions, change))


def masks_by_prompt(regions: Sequence[Region], change: np.ndarray) -> dict[str, np.ndarray]:
    """Masks [h,w] in 0..1 of each prompt's painted regions; prompts with less than LEAST of the picture are left out."""
    masks: dict[str, np.ndarray] = {}
    for region in regions:
        masks[region.prompt] = masks.get(region.prompt, 0.0) + region.mask * change
    return {prompt: mask for prompt, mask in masks.items() if mask.mean() >= LEAST}


def settling_step(curve: np.ndarray) -> int:
    """The first step after which a curve stays above SETTLED; the last step if it never does, since that explains itself."""
    below = np.flatnonzero(curve[:-1] < SETTLED)
    return int(below[-1]) + 1 if len(below) else 0


def split_bands(picture: np.ndarray) -> Bands:
    """(large shapes and colours relative to the mean colour, details), float64 [h,w,3] each."""
    numbers = picture.astype(np.float64)
    coarse = scipy.ndimage.gaussian_filter(numbers, (BLUR, BLUR, 0), mode="nearest")
    return coarse - coarse.mean((0, 1)), numbers - coarse


def explained_share(a: np.ndarray, b: np.ndarray, mask: np.ndarray) -> float:
    """How much one band explains of the other inside `mask` [h,w]: their squared correlation, 0..1."""
    both, own, other = (float(np.einsum("hw,hwc,hwc->", mask, x, y)) for x, y in ((a, b), (a, a), (b, b)))
    return max(both, 0.0) ** 2 / max(own * other, 1e-9)
