"""Convert view-space depth in blocks to the depth channel that a U-Net was trained with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

NEAREST, FARTHEST = 0.5, 64.0  # blocks; the log channel runs from 1 to -1 between them


FOCAL = 27.7  # latent pixels: the 60° camera over 32 latent pixels of the embedded model's training pictures


def to_reference_camera(depth: np.ndarray, fov: float) -> np.ndarray:
    """The depth [h,w] at which the reference camera would show every surface as large, in latent pixels, as this camera does.

    depth: view-space z in blocks; fov: vertical, degrees, over the h rows. A pattern's size in pixels depends on this depth alone.
    """
    focal = depth.shape[0] / 2 / np.tan(np.radians(fov) / 2)
    return depth * np.float32(FOCAL / focal)


def log_depth(depth: np.ndarray) -> np.ndarray:
    """float32 [h,w] in -1..1: 1 at half a block, -1 at 64 blocks and in the sky. It is absolute, so texture scale follows distance."""
    octaves = np.log2(np.maximum(depth, NEAREST) / NEAREST) / np.log2(FARTHEST / NEAREST)
    return np.clip(1 - 2 * octaves, -1, 1).astype(np.float32)


def disparity(depth: np.ndarray) -> np.ndarray:
    """float32 [h,w] in -1..1: inverse depth normalised over the view, as MiDaS gives it to Stable Diffusion 2 depth; 0 in flat views."""
    inverse = 1 / np.maximum(depth.astype(np.float64), 1e-3)
    low, high = inverse.min(), inverse.max()
    if high - low < 1e-9:
        return np.zeros(depth.shape, np.float32)
    return ((inverse - low) / (high - low) * 2 - 1).astype(np.float32)


def fade(channel: np.ndarray, opacity: np.ndarray | None) -> np.ndarray:
    """A depth channel -1..1 in which surfaces fade into the farthest depth, -1, as their opacity 0..1 falls; None: all are opaque.

    raycast_diffusion does the same: it multiplies nearness, 0..1, by the opacity.
    """
    return channel if opacity is None else ((channel + 1) * opacity - 1).astype(np.float32)


DEPTHS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"log": log_depth, "disparity": disparity}
