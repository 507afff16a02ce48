"""Two trajectories of one canvas: both runs recorded step by step, and a sheet that shows them one above the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from diffusion.dream import decode_prediction
from diffusion.introspection.parting import Parting, measure_parting, pair_steps
from diffusion.models.model import Model
from diffusion.sampling.callbacks import StepEvent
from diffusion.text2image.generate import GeneratedImage, generate, make_canvas
from diffusion.text2image.line_plot import draw_plots
from diffusion.text2image.recipe import GenerateSettings

SIDE = 104  # longest side of a picture on the sheet, in pixels
GAP, LABEL = 3, 14
LOOSE = 2  # times by which differences are amplified on the sheet


@dataclass(frozen=True, eq=False)
class RecordedPath:
    """One run. sigmas, sketches, pictures, predictions: of each step; predictions are float32 [C,h,w]; space: of its latents."""

    made: GeneratedImage
    sigmas: tuple[float, ...]
    sketches: tuple[np.ndarray, ...]
    pictures: tuple[np.ndarray, ...]
    predictions: tuple[np.ndarray, ...]
    space: str


def record_path(
    model: Model, settings: GenerateSettings, advance: Callable[[], None] = lambda: None, **named: Any
) -> RecordedPath:
    """Generate a picture and keep every step's prediction. named: of the model, as `generate` takes them; advance: called each step."""
    events: list[StepEvent] = []

    def on_step(event: StepEvent) -> None:
        events.append(event)
        advance()

    made = generate(model, settings, on_step=on_step, **named)
    canvas, (width, height) = make_canvas(model, settings)[0], settings.size
    return RecordedPath(
        made,
        tuple(float(event.sigma) for event in events),
        tuple(model.sketch(event.denoised[0]) for event in events),
        tuple(decode_prediction(model, canvas, event.denoised)[:height, :width] for event in events),
        tuple(event.denoised_latents for event in events),
        model.space,
    )


def compare_paths(one: RecordedPath, other: RecordedPath) -> tuple[Parting, list[float | None]]:
    """(how alike they are, the distance of each pair of predictions). The distance is the root mean square of the difference of
    latents, None where the latents are of different spaces."""
    pairs = pair_steps(one.sigmas, other.sigmas)
    alike = measure_parting(one.sketches, other.sketches, pairs)
    if one.space != other.space:
        return alike, [None] * len(pairs)
    distances: list[float | None] = [
        float(np.sqrt(np.square(a - other.predictions[pair]).mean()))
        for a, pair in zip(one.predictions, pairs, strict=True)
    ]
    return alike, distances


def paths_sheet(
    one: RecordedPath, other: RecordedPath, labels: tuple[str, str], alike: Parting, distances: list[float | None]
) -> Image.Image:
    """Both runs as rows with their finished pictures, the differences below, then the curves; a line marks where they part."""
    pairs = [(a, other.pictures[pair]) for a, pair in zip(one.pictures, alike.pairs, strict=True)]
    pairs.append((one.made.image, other.made.image))
    columns = [[Image.fromarray(a), Image.fromarray(b), _difference(a, b)] for a, b in pairs]
    height, width = one.made.image.shape[:2]
    size = max(1, round(width * SIDE / max(width, height))), max(1, round(height * SIDE / max(width, height)))
    titles = (labels[0], labels[1], f"difference, amplified {LOOSE} times")
    row = size[1] + LABEL + GAP
    curves = _curves(alike, distances)
    page = Image.new(
        "RGB", (max(len(columns) * (size[0] + GAP), curves.width), LABEL + 3 * row + curves.height), "white"
    )
    pen = ImageDraw.Draw(page)
    for place, column in enumerate(columns):
        left = place * (size[0] + GAP)
        pen.text((left + 2, 1), f"step {place + 1}" if place < len(columns) - 1 else "finished", fill="black")
        if place == alike.step:
            pen.text((left + 48, 1), "they part", fill="#b3343a")
        for i, picture in enumerate(column):
            page.paste(picture.resize(size, Image.Resampling.LANCZOS), (left, LABEL + i * row + LABEL))
    for i, title in enumerate(titles):
        pen.text((2, LABEL + i * row), title, fill="black")
    page.paste(curves, (0, LABEL + 3 * row))
    return page


def _difference(one: np.ndarray, other: np.ndarray) -> Image.Image:
    apart = np.abs(one.astype(np.int16) - other.astype(np.int16))
    return Image.fromarray((LOOSE * apart).clip(0, 255).astype(np.uint8))


def _curves(alike: Parting, distances: list[float | None]) -> Image.Image:
    plots: dict[str, dict[str, list[float]]] = {
        "Similarity": {"large shapes": alike.coarse.tolist(), "details": alike.fine.tolist()}
    }
    known = [distance for distance in distances if distance is not None]
    if known:
        plots["Distance of the latents"] = {"distance": known}
    return draw_plots(plots, "step, from 0")
