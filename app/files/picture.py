"""Pictures from the user's disk, to be laid onto surfaces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from base.errors import InputError

LARGEST = 2048  # pixels a side: larger ones are made smaller, for they are fitted to a view on the frame's thread
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class Source:
    """picture: uint8 [H,W,4], upright."""

    name: str
    picture: np.ndarray


def read_picture(path: Path) -> Source:
    """A picture file. Any thread. Raises InputError when it is missing, damaged or no picture."""
    try:
        with Image.open(path) as image:
            image.draft("RGB", (LARGEST, LARGEST))
            upright = ImageOps.exif_transpose(image).convert("RGBA")
    except FileNotFoundError:
        raise InputError(path, "", "does not exist; it must be a picture") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(path, "", f"is not a picture that can be read ({error})") from error
    upright.thumbnail((LARGEST, LARGEST))
    return Source(path.name, np.array(upright))
