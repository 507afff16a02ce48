"""The two resolutions that everything here has: pixels, and latent pixels ("cells") of CELL × CELL of them."""

from __future__ import annotations

from typing import Any

import numpy as np

CELL = 8  # pixels along each side of a latent pixel: the scale of every autoencoder that works here


def enlarge(plane: np.ndarray, times: int) -> np.ndarray:
    """[times·h,times·w,…]: each value of a plane [h,w,…] repeated along both axes."""
    return plane.repeat(times, 0).repeat(times, 1)


def by_block(plane: np.ndarray, side: int) -> Any:
    """[h,side,w,side,…] of a plane [side·h,side·w,…], so that a reduction over the axes 1 and 3 gives one value per block."""
    height, width = plane.shape[:2]
    return plane.reshape(height // side, side, width // side, side, *plane.shape[2:])


def to_pixels(plane: np.ndarray) -> np.ndarray:
    """[CELL·h,CELL·w,…]: every pixel has the value of its cell. plane: [h,w,…]."""
    return enlarge(plane, CELL)


def by_cell(picture: np.ndarray) -> Any:
    """`by_block` for the cells of a picture [CELL·h,CELL·w,…]."""
    return by_block(picture, CELL)
