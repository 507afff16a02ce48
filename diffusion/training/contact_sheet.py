"""Contact sheets: many small pictures on one sheet, each with a label below."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from base.files import atomic_write


def sheet(pictures: list[Tensor | np.ndarray], labels: list[str], columns: int = 8, cell: int = 160) -> Image.Image:
    """Pictures (uint8 [3,H,W]) on a dark sheet, resized to `cell` pixels, a label under each."""
    rows = -(-len(pictures) // columns)
    band = 18
    page = Image.new("RGB", (columns * (cell + 4) + 4, rows * (cell + band + 4) + 4), "#16181d")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(11)
    for i, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        x, y = 4 + (i % columns) * (cell + 4), 4 + (i // columns) * (cell + band + 4)
        array = np.asarray(picture).transpose(1, 2, 0)
        page.paste(Image.fromarray(array).resize((cell, cell), Image.Resampling.LANCZOS), (x, y))
        pen.text((x + 3, y + cell + 2), label[: cell // 6], fill="#e8e8e8", font=font)
    return page


def save_sheet(
    path: Path, pictures: list[Tensor | np.ndarray], labels: list[str], columns: int = 8, cell: int = 160
) -> None:
    with atomic_write(path) as temporary:
        sheet(pictures, labels, columns, cell).save(temporary, optimize=True)
