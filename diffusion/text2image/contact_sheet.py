"""Several pictures of one prompt on one sheet, each with a label above."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

LABEL = 14  # height of a label in pixels
LARGEST = 256  # longer side of a picture on the sheet
GAP = 4


def contact_sheet(pictures: Sequence[np.ndarray], labels: Sequence[str]) -> Image.Image:
    """Pictures uint8 [H,W,3] of one size, in reading order, in about as many rows as columns; those larger than LARGEST are reduced."""
    height, width = pictures[0].shape[:2]
    scale = min(1.0, LARGEST / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    columns = math.ceil(math.sqrt(len(pictures) * height / width))
    rows = math.ceil(len(pictures) / columns)
    page = Image.new("RGB", (GAP + columns * (size[0] + GAP), GAP + rows * (size[1] + LABEL + GAP)), "white")
    pen = ImageDraw.Draw(page)
    for place, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        x, y = GAP + place % columns * (size[0] + GAP), GAP + place // columns * (size[1] + LABEL + GAP)
        pen.text((x, y), label, fill="black")
        page.paste(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS), (x, y + LABEL))
    return page
