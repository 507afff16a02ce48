"""Classify each region of a dream at every step: names of materials, with confidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from diffusion.canvas import Region
from diffusion.introspection.classifier import MaterialReader
from diffusion.introspection.emergence import masks_by_prompt

MOST = 4  # most names of a region


@dataclass(frozen=True, eq=False)
class Concepts:
    """One region. prompt, share: as in `diffusion.introspection.emergence.Emergence`

    names: the materials that it looked most like at any step, the last step's first
    confidence: float64 [steps, names] in 0..1
    """

    prompt: str
    share: float
    names: tuple[str, ...]
    confidence: np.ndarray

    @property
    def named_from(self) -> int:
        """The first step from which the last step's name stays the most confident one."""
        other = np.flatnonzero(self.confidence.argmax(1) != 0)
        return int(other[-1]) + 1 if len(other) else 0


def read_concepts(
    reader: MaterialReader, pictures: Iterable[np.ndarray], regions: Sequence[Region], change: np.ndarray
) -> tuple[Concepts, ...]:
    """Classify every step's picture per region, the largest region first.

    pictures: uint8 [H,W,3], each step's decoded prediction; they are read one at a time
    change: float32 [h,w] as in `Canvas`; pixels that are kept don't count. Returns () if all pixels are kept.
    """
    masks = masks_by_prompt(regions, change)
    if not masks:
        return ()
    planes = np.stack(list(masks.values()))
    read = np.stack([reader.read(picture, planes) for picture in pictures])
    found = [_one(reader, prompt, mask, read[:, i]) for i, (prompt, mask) in enumerate(masks.items())]
    return tuple(sorted(found, key=lambda one: -one.share))


def _one(reader: MaterialReader, prompt: str, mask: np.ndarray, confidence: np.ndarray) -> Concepts:
    """confidence: [steps, all names]"""
    last = int(confidence[-1].argmax())
    likely = [i for i in np.argsort(-confidence.max(0), kind="stable").tolist() if i != last]
    kept = [last, *likely[: MOST - 1]]
    return Concepts(prompt, float(mask.mean()), tuple(reader.materials[i] for i in kept), confidence[:, kept])
