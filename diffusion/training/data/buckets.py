"""Sizes of about one area for pictures of every shape, so that whole pictures of one size can share a batch."""

from __future__ import annotations

import math

from PIL import Image, ImageOps

STEP = 32  # pixels; sides are multiples of it, as networks of three levels need
MOST_RATIO = 2.0  # of the longer side to the shorter


def list_buckets(size: int) -> tuple[tuple[int, int], ...]:
    """(width, height) of all shapes within an area of `size`² pixels and a ratio of MOST_RATIO. size: at least STEP."""
    longest = range(size // STEP * STEP, int(size * MOST_RATIO) + 1, STEP)
    wide = [(side, size**2 // side // STEP * STEP) for side in longest]
    found = [(width, height) for width, height in wide if 0 < width <= MOST_RATIO * height]
    return tuple(dict.fromkeys([*((height, width) for width, height in reversed(found)), *found]))


def choose_bucket(picture: tuple[int, int], size: int) -> tuple[int, int]:
    """The bucket nearest in shape to a picture of (width, height)."""
    ratio = math.log(picture[0] / picture[1])
    return min(list_buckets(size), key=lambda box: abs(math.log(box[0] / box[1]) - ratio))


def fit_to_bucket(picture: Image.Image, box: tuple[int, int]) -> Image.Image:
    """The picture resized to cover a bucket, and cut around its middle to the bucket's size."""
    return ImageOps.fit(picture, box, Image.Resampling.LANCZOS)
