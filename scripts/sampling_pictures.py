"""Draw the pictures of docs/sampling.md: `.venv/bin/python scripts/sampling_pictures.py [NAME …]`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from diffusion.loaders.loading import load_model
from diffusion.models.model import Model
from diffusion.settings import DreamSettings
from diffusion.text2image.generate import generate
from diffusion.text2image.recipe import GenerateSettings
from diffusion.text2image.unsample import Unsampled, pictures_of, unsample

IMAGES = Path(__file__).parents[1] / "docs" / "images"
LABEL, GAP = 14, 4


def main(names: Sequence[str]) -> int:
    model = load_model()
    for name in names or PICTURES:
        path = IMAGES / f"sampling_{name}.jpg"
        PICTURES[name](model).save(path, quality=80)
        print(path)
    return 0


def draw_unsample(model: Model) -> Image.Image:
    """A wall at six levels, with one noise for all and with fresh noise at each."""
    wall = paint(model, "mossy stone wall", seed=3, size=(192, 192))
    noise = np.random.default_rng(0).standard_normal((model.channels, 24, 24), dtype=np.float32)
    rows, labels = [], []
    for choice in ("same", "fresh"):
        settings = replace(DreamSettings(**model.defaults), steps=8, start_at=1, end_at=8, mix_noise=choice)
        found = unsample(model, wall, noise, settings)
        kept = [0, 1, 2, 3, 5, 7]
        found = Unsampled(
            tuple(found.steps[k] for k in kept), tuple(found.sigmas[k] for k in kept), found.latents[kept]
        )
        rows.append(pictures_of(model, found, (192, 192)))
        labels.append(
            [f"step {step}, sigma {sigma:.2f}" for step, sigma in zip(found.steps, found.sigmas, strict=True)]
        )
    return grid(rows, labels)


def paint(model: Model, prompt: str, *, seed: int, size: tuple[int, int], **dream: object) -> np.ndarray:
    settings = replace(DreamSettings(**model.defaults), seed=seed, **dream)
    return generate(model, GenerateSettings(prompt, size=size, dream=settings)).image


def grid(rows: Sequence[Sequence[np.ndarray]], labels: Sequence[Sequence[str]]) -> Image.Image:
    """Pictures uint8 [H,W,3] of one size in rows, each with a label above."""
    height, width = rows[0][0].shape[:2]
    columns = max(len(row) for row in rows)
    page = Image.new("RGB", (columns * (width + GAP) - GAP, len(rows) * (height + LABEL + GAP) - GAP), "white")
    pen = ImageDraw.Draw(page)
    for i, (row, words) in enumerate(zip(rows, labels, strict=True)):
        for j, (picture, text) in enumerate(zip(row, words, strict=True)):
            corner = j * (width + GAP), i * (height + LABEL + GAP)
            pen.text(corner, text, fill="black")
            page.paste(Image.fromarray(picture), (corner[0], corner[1] + LABEL))
    return page


PICTURES: dict[str, Callable[[Model], Image.Image]] = {"unsample": draw_unsample}

if __name__ == "__main__":
    torch.manual_seed(0)
    sys.exit(main(sys.argv[1:]))
