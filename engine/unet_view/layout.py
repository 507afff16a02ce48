"""Places a U-Net's blocks in space: stacks of feature maps along a U."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Protocol

import numpy as np

from engine.unet_view.paths import Path, bridge_paths, flow_paths, word_paths
from engine.unet_view.slab import Slab

# Lengths are in sides of a full-resolution map (a square of its area).
SIZE_POWER = 0.6  # exponent applied to resolutions: at 1, 8×8 beside 64×64 would be a dot
GAP, ROW_GAP = 0.3, 0.24  # between blocks side by side, and between rows
STEP_SHARE = 0.6  # step to a block in another row, as a share of both half widths


class Block(Protocol):
    """What the layout needs of a block; `diffusion.introspection.unet_probe.Block` documents the fields."""

    kind: str
    level: int
    attends_to_text: bool
    shape: tuple[int, int, int]
    seconds: float
    energy: float
    maps: np.ndarray
    strength: np.ndarray

    @property
    def name(self) -> str: ...


@dataclass(frozen=True)
class Anatomy:
    """blocks: in data order; moments: float64 [n+1], when each block starts, as a share of the call's time, and the end."""

    blocks: tuple[Block, ...]
    slabs: tuple[Slab, ...]
    paths: tuple[Path, ...]
    moments: np.ndarray

    @cached_property
    def points(self) -> np.ndarray:
        """float64 [n,3]: points that span everything that is drawn."""
        return np.concatenate([*(slab.corners for slab in self.slabs), *(path.points for path in self.paths)])


def lay_out(blocks: Sequence[Block]) -> Anatomy:
    """Lay out blocks, given in the order in which data passes them."""
    slabs = _place_slabs(blocks)
    seconds = np.array([block.seconds for block in blocks])
    moments = np.concatenate([[0.0], np.cumsum(seconds)]) / max(float(seconds.sum()), 1e-12)
    largest = max(block.energy for block in blocks) or 1.0
    energy = [block.energy / largest for block in blocks]
    paths = flow_paths(slabs, moments, energy) + bridge_paths(find_partners(blocks), slabs, moments, energy)
    ears = [i for i, block in enumerate(blocks) if block.attends_to_text]
    return Anatomy(tuple(blocks), slabs, (*paths, *word_paths(ears, slabs, moments)), moments)


def find_partners(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """Return pairs (down block, up block) joined by skip connections."""
    ups = {block.level: i for i, block in enumerate(blocks) if block.kind == "up"}
    return [(i, ups[block.level]) for i, block in enumerate(blocks) if block.kind == "down" and block.level in ups]


def _place_slabs(blocks: Sequence[Block]) -> tuple[Slab, ...]:
    finest = max(block.shape[1] * block.shape[2] for block in blocks)
    sizes = []
    for block in blocks:
        _, height, width = block.shape
        side = (height * width / finest) ** (SIZE_POWER / 2)
        sizes.append((side * (width / height) ** 0.5, side * (height / width) ** 0.5))
    # midway between the level where a block works and the one it passes on to, so that the arms descend and rise evenly
    handed = [np.log2(finest / (block.shape[1] * block.shape[2])) / 2 for block in blocks]
    levels = [(block.level + float(level)) / 2 for block, level in zip(blocks, handed, strict=True)]
    depths = _row_depths(levels, [height for _, height in sizes])
    slabs: list[Slab] = []
    x = 0.0
    for i, (block, (width, height)) in enumerate(zip(blocks, sizes, strict=True)):
        if i:
            before = slabs[-1]
            apart = abs(depths[i] + before.place[1]) > (before.height + height) / 2
            half = (before.width + width) / 2
            x += half * STEP_SHARE if apart else half + GAP
        planes = 1 + min(len(block.maps), max(1, round(np.log2(block.shape[0]))))
        slabs.append(Slab(np.array([x, -depths[i], 0.0]), width, height, planes))
    return tuple(slabs)


def _row_depths(levels: list[float], heights: list[float]) -> list[float]:
    """Return the depth of each block's centre: one row per level, as close as the tallest blocks allow."""
    rows = sorted(set(levels))
    tallest = {row: max(h for level, h in zip(levels, heights, strict=True) if level == row) for row in rows}
    depth, at = 0.0, {rows[0]: 0.0}
    for upper, lower in pairwise(rows):
        depth += (tallest[upper] + tallest[lower]) / 2 + ROW_GAP
        at[lower] = depth
    return [at[level] for level in levels]
