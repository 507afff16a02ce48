"""Draw a sheet of a walk's pictures: a row for each method, a column for each of a few views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from base.files import atomic_write
from base.outputs import png_mark

GAP = 4
LABEL = 16  # height in pixels of the title over each row


def save_sheet(file: Path, rows: Mapping[str, Sequence[np.ndarray]]) -> None:
    """Write a PNG. rows: name → pictures uint8 [H,W,3], all of one size and equally many."""
    height, width = next(iter(rows.values()))[0].shape[:2]
    columns = max(len(pictures) for pictures in rows.values())
    sheet = Image.new("RGB", (columns * (width + GAP) - GAP, len(rows) * (height + LABEL + GAP) - GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for r, (name, pictures) in enumerate(rows.items()):
        top = r * (height + LABEL + GAP)
        draw.text((2, top + 2), name, fill="black")
        for c, picture in enumerate(pictures):
            sheet.paste(Image.fromarray(picture), (c * (width + GAP), top + LABEL))
    with atomic_write(file) as temporary:
        sheet.save(temporary, format="PNG", optimize=True, pnginfo=png_mark())
