"""Edits of a mask: uint8 [H,W], 255 = repainted, 0 = kept. Pure: each returns a new mask, at points (x, y) in pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from app.state.brush import Point, distance

FULL = 255


def draw_stroke(
    mask: np.ndarray, points: Sequence[Point], radius: float, softness: float = 0.0, remove: bool = False
) -> np.ndarray:
    """The mask with a round brush drawn along a line. softness: share of the radius over which it fades, 0..1."""
    reach, drawn, (xs, ys) = radius + 1, mask.copy(), zip(*points, strict=True)
    (left, right), (top, bottom) = _around(xs, reach, mask.shape[1]), _around(ys, reach, mask.shape[0])
    place = drawn[top:bottom, left:right]  # a stroke is drawn while the hand moves: nothing else is looked at
    away = distance((right - left, bottom - top), [(x - left, y - top) for x, y in points], reach)
    share = np.clip((radius - away) / max(softness * radius, 1.0) + (0.5 if softness * radius < 1 else 0.0), 0, 1)
    values = np.rint(FULL * share).astype(np.uint8)
    place[...] = np.minimum(place, FULL - values) if remove else np.maximum(place, values)
    return drawn


def draw_rectangle(mask: np.ndarray, corner: Point, opposite: Point, remove: bool = False) -> np.ndarray:
    """The mask with all pixels whose centres lie between two corners."""
    (left, right), (top, bottom) = (sorted(pair) for pair in zip(corner, opposite, strict=True))
    drawn = mask.copy()
    drawn[_centres(top, bottom, mask.shape[0]), _centres(left, right, mask.shape[1])] = 0 if remove else FULL
    return drawn


def draw_lasso(mask: np.ndarray, points: Sequence[Point], remove: bool = False) -> np.ndarray:
    """The mask with the inside of a closed line, drawn in either direction; less than three points change nothing."""
    image = Image.fromarray(mask)
    if len(points) >= 3:
        line = min([*points], [*reversed(points)])  # Pillow rounds edges by their direction
        ImageDraw.Draw(image).polygon([(x - 0.5, y - 0.5) for x, y in line], fill=0 if remove else FULL)
    return np.array(image)


def invert(mask: np.ndarray) -> np.ndarray:
    return FULL - mask


def feather(mask: np.ndarray, radius: float) -> np.ndarray:
    """The mask with soft edges: a Gaussian blur. radius: its standard deviation in pixels."""
    return np.array(Image.fromarray(mask).filter(ImageFilter.GaussianBlur(radius)))


def clear(mask: np.ndarray) -> np.ndarray:
    return np.zeros_like(mask)


def _around(values: Sequence[float], reach: float, most: int) -> tuple[int, int]:
    """First and last + 1 of the pixels within reach of values, on one axis of `most` pixels."""
    low, high = (
        int(np.clip(value, 0, most)) for value in (np.floor(min(values) - reach), np.ceil(max(values) + reach))
    )
    return low, high


def _centres(low: float, high: float, most: int) -> slice:
    """The pixels whose centres lie from low to high, on one axis of `most` pixels."""
    start, stop = (int(np.clip(np.ceil(value - 0.5), 0, most)) for value in (low, high))
    return slice(start, stop)
