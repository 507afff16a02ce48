"""Draw the pictures of docs/sampling.md: `.venv/bin/python scripts/sampling_pictures.py [NAME …]`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from base.step_schedule import parse_scheduled
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


def draw_settings(model: Model) -> Image.Image:
    """Effects of settings on one picture: the scale and its schedules, a further prompt, the start noise, changed embeddings."""
    whole = {"guidance_start": 0.0}
    rising, falling, stepped = (parse_scheduled(text) for text in ("0:0, 1:8", "0:8, 1:0", "0:8, 0.4:1 stepped"))
    rows: tuple[tuple[str, list[tuple[str, dict[str, Any]]]], ...] = (
        (
            "pale stone wall",
            [(f"scale {value}", {"scale": value, **whole}) for value in (1.0, 4.0, rising, falling, stepped)],
        ),
        (
            "pale stone wall",
            [(f"moss:{text}", {"further": (f"moss:{text}",)}) for text in ("-1", "0", "0.5", "1", "0:0, 1:2")],
        ),
        (
            "red brick wall",
            [(f"{name} noise", {"start_noise": name}) for name in ("white", "pink", "brown", "blue", "perlin")],
        ),
        (
            "red brick wall",
            [
                (" ".join(f"{name} {value:g}" for name, value in chosen.items()) or "unchanged", chosen)
                for chosen in (
                    {},
                    {"embedding_rank": 4},
                    {"embedding_rank": 1},
                    {"embedding_turn": 0.2},
                    {"embedding_turn": 0.6},
                )
            ],
        ),
    )
    pictures = [[paint(model, prompt, seed=5, size=(192, 192), **chosen) for _, chosen in row] for prompt, row in rows]
    return grid(pictures, [[text for text, _ in row] for _, row in rows])


def paint(
    model: Model, prompt: str, *, seed: int, size: tuple[int, int], start_noise: str = "white", **dream: Any
) -> np.ndarray:
    settings = replace(DreamSettings(**model.defaults), seed=seed, **dream)
    return generate(model, GenerateSettings(prompt, size=size, start_noise=start_noise, dream=settings)).image


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


PICTURES: dict[str, Callable[[Model], Image.Image]] = {"unsample": draw_unsample, "settings": draw_settings}

if __name__ == "__main__":
    torch.manual_seed(0)
    sys.exit(main(sys.argv[1:]))
