"""Reads picture files for the Image panel."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from base.pictures import open_picture

LARGEST = 2048  # pixels a side: larger pictures are reduced, as fitting them to a view happens on the main thread
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class Source:
    """picture: uint8 [H,W,4], upright."""

    name: str
    picture: np.ndarray


def read_picture(path: Path) -> Source:
    """Read a picture file. Runs on any thread. Raises InputError if it is missing, damaged or no picture."""
    upright = open_picture(path, largest=LARGEST).convert("RGBA")
    return Source(path.name, np.array(upright))
