"""Extend surfaces behind nearer ones, so that each surface is dreamed beyond its outline as if nothing were in front of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from diffusion.canvas import Canvas


def extend_occluded(canvas: Canvas) -> Canvas:
    """The canvas with occluded surfaces exposed (`Surface.occluded_source`): their prompts and depth, without a guide."""
    source = canvas.surface.occluded_source
    if source is None:
        return canvas
    index = source.ravel()
    bare = (index != np.arange(index.size)).reshape(source.shape)

    def extended(plane: np.ndarray) -> np.ndarray:
        return plane.ravel()[index].reshape(plane.shape)

    guide, depth = canvas.guide, canvas.surface.depth
    if guide is not None:
        known = canvas.change < 1 if guide.known_mask is None else guide.known_mask
        guide = replace(guide, known_mask=known & ~bare)
    return replace(
        canvas,
        regions=tuple(replace(region, mask=extended(region.mask)) for region in canvas.regions),
        change=np.where(bare, np.float32(1), canvas.change),
        guide=guide,
        surface=replace(canvas.surface, depth=None if depth is None else extended(depth), occluded_source=None),
    )
