"""A film of a training run: its sheets of samples one after the other, beside the curves of its loss and figures."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from base.pictures import open_picture
from diffusion.training.run_log import Curve, RunLog

SIZE = 1280, 720  # width and height of a frame in pixels
SHEET = 720  # side of the square that holds the sheet
EDGE = 28  # pixels around the curves
MOST_CURVES = 3  # the loss and the first figures; figures that change come first
GROUND, INK, FAINT, LINE = "#16181d", "#e8e8e8", "#5b616e", "#7fb4ff"


def count_frames(run: RunLog, fps: float, seconds: float) -> int:
    """Return the number of frames of a film. seconds: how long each sheet is shown."""
    return max(1, round(fps * seconds)) * len(run.sheets)


def film_frames(run: RunLog, fps: float, seconds: float) -> Iterator[np.ndarray]:
    """Yield frames, uint8 [720,1280,3]. While a sheet is shown, the curves advance to the step of the next, finally to the run's end.

    Raises InputError for a broken sheet.
    """
    of_sheet = max(1, round(fps * seconds))
    steps = [step for step, _ in run.sheets]
    page = _Page(run)
    for number, (step, file) in enumerate(run.sheets):
        picture = ImageOps.pad(open_picture(file, "a sheet of samples").convert("RGB"), (SHEET, SHEET), color=GROUND)
        end = steps[number + 1] if number + 1 < len(steps) else max(step, run.last)
        for frame in range(of_sheet):
            yield np.asarray(page.draw(picture, step, step + (end - step) * frame / max(1, of_sheet - 1)))


class _Page:
    """Draws frames. Curves are faint, except for the part up to the present step, which is bright."""

    def __init__(self, run: RunLog) -> None:
        self._run = run
        self._curves = first_curves(run)
        self._large, self._small = ImageFont.load_default(22), ImageFont.load_default(15)
        left, width = SHEET + EDGE, SIZE[0] - SHEET - 2 * EDGE
        top, height = 110, (SIZE[1] - 110 - EDGE) // len(self._curves)
        self._boxes = [
            (left, top + height * i + 26, left + width, top + height * (i + 1) - 14) for i in range(len(self._curves))
        ]

    def draw(self, picture: Image.Image, step: int, now: float) -> Image.Image:
        """Draw a frame. step: the sheet's step; now: the step that the curves have reached."""
        frame = Image.new("RGB", SIZE, GROUND)
        frame.paste(picture, (0, 0))
        pen = ImageDraw.Draw(frame)
        pen.text((SHEET + EDGE, 24), self._run.name, fill=INK, font=self._large)
        pen.text((SHEET + EDGE, 58), f"samples of step {step:,} of {self._run.last:,}", fill=INK, font=self._small)
        for box, (name, curve) in zip(self._boxes, self._curves.items(), strict=True):
            _draw_curve(pen, box, name, curve, now, self._run.last, self._small)
        return frame


def first_curves(run: RunLog) -> dict[str, Curve]:
    """The curves that are shown, by name: the loss, then figures that change before others."""
    first = sorted(run.curves, key=lambda name: name != "loss" and _is_constant(run.curves[name]))
    return {name: run.curves[name] for name in first[:MOST_CURVES]}


def _is_constant(curve: Curve) -> bool:
    return len({value for _, value in curve}) == 1


def _draw_curve(
    pen: ImageDraw.ImageDraw,
    box: tuple[int, int, int, int],
    name: str,
    curve: Curve,
    now: float,
    last: int,
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    """Draw a curve in a box (left, top, right, bottom) with its value at step `now`; losses use a logarithmic scale."""
    left, top, right, bottom = box
    values = [value for _, value in curve if math.isfinite(value)] or [0.0]
    powers = name == "loss" and min(values) > 0
    scale = math.log if powers else float
    low, high = scale(min(values)), scale(max(values))
    room = (high - low) or 1.0
    points = [
        (left + (right - left) * step / max(1, last), bottom - (bottom - top) * (scale(value) - low) / room)
        for step, value in curve
        if math.isfinite(value)
    ]
    so_far = [(step, value) for step, value in curve if step <= now]
    pen.rectangle(box, outline=FAINT)
    pen.text((left, top - 22), name + (f" {so_far[-1][1]:.4g}" if so_far else ""), fill=INK, font=font)
    if len(points) > 1:
        pen.line(points, fill=FAINT, width=1)
    bright = points[: len(so_far)]
    if len(bright) > 1:
        pen.line(bright, fill=LINE, width=2)
    if bright:
        x, y = bright[-1]
        pen.ellipse((x - 4, y - 4, x + 4, y + 4), fill=LINE)
