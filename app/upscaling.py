"""`--upscale` and `--upscaler` of commands: what is refused early, and the function that enlarges. Imports torch when it is called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from base.files import expand_user

NO_FACTOR = "--upscaler has no effect: there is no --upscale."


def refuse_upscaling(factor: int, file: Path | None) -> None:
    """Raise InputError for an upscaler that can't be one. Quick: no weights are read."""
    if factor > 1 and file is not None:
        from diffusion.upscaling.weights import refuse_upscaler

        refuse_upscaler(expand_user(file))


def open_enlarger(factor: int, file: Path | None) -> Callable[[np.ndarray], np.ndarray] | None:
    """A function that enlarges pictures uint8 [H,W,3 or 4] `factor` times; None where there is nothing to enlarge. Raises InputError.

    It uses the GPU where there is one.
    """
    if factor == 1:
        return None
    from diffusion.loaders.running import find_device
    from diffusion.upscaling.enlarge import enlarge
    from diffusion.upscaling.weights import open_upscaler

    upscaler = open_upscaler(file, find_device("auto"))

    def enlarge_finished(picture: np.ndarray) -> np.ndarray:
        height, width = picture.shape[:2]
        return enlarge(picture, upscaler, (factor * width, factor * height))

    return enlarge_finished
