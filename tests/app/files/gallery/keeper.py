"""A program that keeps pictures in a gallery, pins and deletes some, and tells of each when it is done; until it is killed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from app.files.gallery.bounds import Bounds
from app.files.gallery.gallery import Gallery
from diffusion.settings import DreamSettings
from diffusion.text2image.recipe import GenerateSettings, Recipe

BOUNDS = Bounds(pictures=6, bin_pictures=1000)


def main(folder: str, told: Any) -> None:
    gallery, image = Gallery(Path(folder), BOUNDS), np.zeros((32, 32, 3), np.uint8)
    for seed in range(10**6):
        recipe = Recipe(GenerateSettings(prompt="a wall", dream=DreamSettings(seed=seed)), None, "m")
        name = gallery.add(image, recipe).name
        told.send(("kept", name))
        if seed % 3 == 1:
            gallery.pin(name)
            told.send(("pinned", name))
        if seed % 3 == 2:
            gallery.delete(name)
            told.send(("deleted", name))
