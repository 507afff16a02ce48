"""Draw curves as a small picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw

SIZE = 420, 150  # of one plot, in pixels
LEFT, TOP, BOTTOM = 64, 18, 22  # margins
COLOURS = "#1f6fb4", "#d1622b", "#3a8f4b", "#8a4fb0"


def draw_plots(plots: Mapping[str, Mapping[str, Sequence[float]]], axis: str) -> Image.Image:
    """Draw plots one below the other: title → (name of a curve → its values). axis: label of the axis, which counts 0, 1, 2, …"""
    page = Image.new("RGB", (SIZE[0], SIZE[1] * len(plots)), "white")
    for place, (title, curves) in enumerate(plots.items()):
        page.paste(_draw_plot(title, curves, axis), (0, place * SIZE[1]))
    return page


def _draw_plot(title: str, curves: Mapping[str, Sequence[float]], axis: str) -> Image.Image:
    picture = Image.new("RGB", SIZE, "white")
    pen = ImageDraw.Draw(picture)
    right, bottom = SIZE[0] - 10, SIZE[1] - BOTTOM
    values = np.array([value for curve in curves.values() for value in curve if np.isfinite(value)] or [0.0])
    low, high = float(values.min()), float(values.max())
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    count = max(len(curve) for curve in curves.values())

    def point(place: int, value: float) -> tuple[float, float]:
        across = place / max(count - 1, 1)
        return LEFT + across * (right - LEFT), bottom - (value - low) / (high - low) * (bottom - TOP)

    pen.rectangle((LEFT, TOP, right, bottom), outline="#bbbbbb")
    pen.text((LEFT, 3), title, fill="black")
    for height in (low, high):
        pen.text((4, point(0, height)[1] - 6), f"{height:.3g}", fill="#555555")
    pen.text((LEFT, bottom + 4), "0", fill="#555555")
    pen.text((right - 30, bottom + 4), f"{count - 1}", fill="#555555")
    pen.text(((LEFT + right) / 2 - 20, bottom + 4), axis, fill="#555555")
    named = LEFT + pen.textlength(title) + 16
    for (name, curve), colour in zip(curves.items(), COLOURS, strict=False):
        points = [point(place, value) for place, value in enumerate(curve) if np.isfinite(value)]
        pen.line(points, fill=colour, width=2) if len(points) > 1 else pen.ellipse(
            (points[0][0] - 2, points[0][1] - 2, points[0][0] + 2, points[0][1] + 2), fill=colour
        )
        pen.text((named, 3), name, fill=colour)
        named += pen.textlength(name) + 12
    return picture
