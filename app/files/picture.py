"""Pictures from the user's disk, to be laid onto surfaces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from base.pictures import open_picture

LARGEST = 2048  # pixels a side: larger ones are made smaller, for they are fitted to a view on the frame's thread
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class Source:
    """picture: uint8 [H,W,4], upright."""

    name: str
    picture: np.ndarray


def read_picture(path: Path) -> Source:
    """A picture file. Any thread. Raises InputError when it is missing, damaged or no picture."""
    upright = open_picture(path, largest=LARGEST).convert("RGBA")
    return Source(path.name, np.array(upright))
