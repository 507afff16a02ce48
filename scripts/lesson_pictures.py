"""Draw the pictures of docs/lessons.md from the lessons that come with the program; Chromium takes those of the page.

PYTHONPATH=. .venv/bin/python scripts/lesson_pictures.py
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from app.files.lessons import unpack_presets
from diffusion.introspection.emergence import split_bands
from tests.engine.export import chromium

OUT = Path("docs/images")
LESSON, STEPS = "red-brick-wall", (1, 2, 3, 4, 6, 8, 12)
SIDE, LABEL = 136, 16
MIDDLE = 4  # step whose blocks are shown


def rows(titles: Sequence[str], lines: Sequence[Sequence[Image.Image]], heads: Sequence[str]) -> Image.Image:
    """Rows of pictures of SIDE pixels, with titles above rows and headings above columns."""
    wide = len(lines[0]) * (SIDE + 3)
    page = Image.new("RGB", (wide, LABEL + len(lines) * (SIDE + LABEL + 3)), "white")
    pen = ImageDraw.Draw(page)
    for column, head in enumerate(heads):
        pen.text((column * (SIDE + 3) + SIDE - 6, 2), head, fill="black", anchor="ra")
    for row, (title, line) in enumerate(zip(titles, lines, strict=True)):
        top = LABEL + row * (SIDE + LABEL + 3)
        pen.text((2, top), title, fill="black")
        for column, picture in enumerate(line):
            how = Image.Resampling.NEAREST if picture.width < SIDE else Image.Resampling.LANCZOS
            page.paste(picture.convert("RGB").resize((SIDE, SIDE), how), (column * (SIDE + 3), top + LABEL))
    return page


def band(picture: Image.Image, which: int) -> Image.Image:
    """Large shapes (0) or details (1) of a prediction, at the resolution of the latents, around grey."""
    small = np.asarray(picture.convert("RGB").resize((64, 64), Image.Resampling.BOX))
    return Image.fromarray((split_bands(small)[which] * (1.5 + which) + 128).clip(0, 255).astype(np.uint8))


def orchestra(folder: Path, lesson: dict, blocks: list[dict]) -> Image.Image:
    """Every block with some of its feature maps, in data order; each level has a row."""
    sheet = Image.open(folder / lesson["steps"][MIDDLE]["files"]["blocks"]).convert("RGB")
    shown, side, deep = 3, 100, 132
    levels = max(block["level"] for block in blocks) + 1
    page = Image.new("RGB", (len(blocks) * (side + 8), levels * deep), "white")
    pen = ImageDraw.Draw(page)
    for place, (block, tiles) in enumerate(zip(blocks, lesson["tiles"]["blocks"], strict=True)):
        left, top = place * (side + 8), block["level"] * deep
        pen.text((left, top), f"{block['name']}: {block['channels']} x {block['height']}", fill="black")
        for depth in reversed(range(shown)):
            x, y, w, h = tiles[1 + depth]
            card = sheet.crop((x, y, x + w, y + h)).resize((side - 16, side - 16), Image.Resampling.NEAREST)
            page.paste(card, (left + 8 * depth, top + 18 + 8 * depth))
    return page


def photograph(page_file: Path) -> Image.Image:
    """Take a picture of the page at its attention station."""
    with (
        tempfile.TemporaryDirectory() as profile,
        chromium.Page(page_file.resolve().as_uri() + f"#{LESSON}", (1280, 1000), Path(profile)) as page,
    ):
        page.wait("document.body?.dataset.ready")
        for _ in range(6):
            page.evaluate("document.getElementById('station-next').click()")
        page.evaluate("document.querySelectorAll('[name=option]')[2].click(); document.getElementById('check').click()")
        page.evaluate("document.querySelectorAll('#panel [role=radio]')[1].click(); document.activeElement.blur()")
        time.sleep(1)
        return Image.fromarray(page.picture())


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        page = unpack_presets(Path(temporary))
        folder = page.parent / LESSON
        document = json.loads((page.parent / "metadata.json").read_text(encoding="utf-8"))
        blocks = json.loads((page.parent / "architecture.json").read_text(encoding="utf-8"))["blocks"]
        lesson = next(one for one in document["lessons"] if one["name"] == LESSON)
        heads = [f"step {step}" for step in STEPS]
        noisy, seen = (
            [Image.open(folder / f"{kind}_{step:02}.webp") for step in STEPS] for kind in ("noisy", "picture")
        )
        pictures = {
            "sculpting": rows(["what the step starts from", "what the network sees in it"], [noisy, seen], heads),
            "digging": rows(
                ["large shapes", "details"], [[band(picture, which) for picture in seen] for which in (0, 1)], heads
            ),
            "orchestra": orchestra(folder, lesson, blocks),
            "page": photograph(page),
        }
        for name, picture in pictures.items():
            picture.save(OUT / f"lesson_{name}.jpg", quality=84)
            print(OUT / f"lesson_{name}.jpg", picture.size)


if __name__ == "__main__":
    main()
