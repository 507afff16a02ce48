"""Enlarge generated pictures: as the last step of `generate`, or later, from the PNG."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from base.errors import InputError
from base.pictures import flat, open_picture
from diffusion.text2image.metadata import fingerprint, read_png
from diffusion.text2image.recipe import UPSCALER, GenerateSettings, Recipe
from diffusion.upscaling.embedded import upscaler_file
from diffusion.upscaling.enlarge import enlarge
from diffusion.upscaling.weights import open_upscaler

OnTile = Callable[[int, int], None]


def upscale(
    image: np.ndarray,
    settings: GenerateSettings,
    device: str | torch.device,
    *,
    on_tile: OnTile | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> np.ndarray:
    """A finished picture, uint8 [H,W,3], `settings.upscale` times as wide and high. on_tile, cancelled: as for `enlarge`.

    Raises InputError for an upscaler that can't be read, and Cancelled.
    """
    if settings.upscale == 1:
        return image
    height, width = image.shape[:2]
    hooks = {"on_tile": on_tile, "cancelled": cancelled}
    size = settings.upscale * width, settings.upscale * height
    upscaler = open_upscaler(settings.upscaler, device)
    return enlarge(image, upscaler, size, **{name: hook for name, hook in hooks.items() if hook is not None})


def upscale_png(
    path: Path,
    factor: int,
    upscaler: Path | None = None,
    device: str | torch.device = "cpu",
    *,
    on_tile: OnTile | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[np.ndarray, Recipe]:
    """Enlarge the PNG of a generated picture as `generate` would have with `--upscale` and `--upscaler`. Returns picture and recipe.

    Raises InputError for any other file, and for an enlarged picture: enlarging the small original is better.
    """
    recipe = read_png(path)
    if recipe.settings.upscale > 1:
        raise InputError(
            path, "", f"is enlarged {recipe.settings.upscale} times already; take the picture it was made of"
        )
    settings = replace(recipe.settings, upscale=factor, upscaler=upscaler)
    image = np.asarray(flat(open_picture(path), 255))
    large = upscale(image, settings, device, on_tile=on_tile, cancelled=cancelled)
    files = recipe.files | {UPSCALER: fingerprint(upscaler_file(upscaler))}
    return large, replace(recipe, settings=settings, files=files)
