"""Aspect-ratio buckets: sizes of about equal area, so that whole pictures of one shape can share a batch."""

from __future__ import annotations

import math

from PIL import Image, ImageOps

STEP = 32  # pixels; sides are multiples of it, as networks of three levels need
MOST_RATIO = 2.0  # of the longer side to the shorter


def list_buckets(size: int) -> tuple[tuple[int, int], ...]:
    """Return (width, height) of every bucket: at most `size`² pixels, and sides at most MOST_RATIO apart. size: at least STEP."""
    longest = range(size // STEP * STEP, int(size * MOST_RATIO) + 1, STEP)
    wide = [(side, size**2 // side // STEP * STEP) for side in longest]
    found = [(width, height) for width, height in wide if 0 < width <= MOST_RATIO * height]
    return tuple(dict.fromkeys([*((height, width) for width, height in reversed(found)), *found]))


def choose_bucket(picture: tuple[int, int], size: int) -> tuple[int, int]:
    """Return the bucket whose aspect ratio is closest to that of a (width, height) picture."""
    ratio = math.log(picture[0] / picture[1])
    return min(list_buckets(size), key=lambda box: abs(math.log(box[0] / box[1]) - ratio))


def fit_to_bucket(picture: Image.Image, box: tuple[int, int]) -> Image.Image:
    """Resize a picture to cover a bucket and crop it to the bucket's size around the centre."""
    return ImageOps.fit(picture, box, Image.Resampling.LANCZOS)
