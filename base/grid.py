"""The two resolutions that everything here has: pixels, and latent pixels ("cells") of CELL × CELL of them."""

from __future__ import annotations

from typing import Any

import numpy as np

CELL = 8  # pixels along each side of a latent pixel: the scale of every autoencoder that works here


def to_pixels(plane: np.ndarray) -> np.ndarray:
    """[CELL·h,CELL·w,…]: every pixel has the value of its cell. plane: [h,w,…]."""
    return plane.repeat(CELL, 0).repeat(CELL, 1)


def by_cell(picture: np.ndarray) -> Any:
    """[h,CELL,w,CELL,…] of a picture [CELL·h,CELL·w,…], so that a reduction over the axes 1 and 3 gives one value per cell."""
    height, width = picture.shape[:2]
    return picture.reshape(height // CELL, CELL, width // CELL, CELL, *picture.shape[2:])
