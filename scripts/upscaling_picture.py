"""Draw the picture of docs/pictures.md about enlarging: `.venv/bin/python scripts/upscaling_picture.py`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from diffusion.loaders.loading import load_model
from diffusion.settings import DreamSettings
from diffusion.text2image.generate import generate
from diffusion.text2image.recipe import GenerateSettings
from diffusion.training.data.bank import build_bank
from diffusion.training.data.captions import Mood, Surface
from diffusion.training.data.views import paint, random_world
from diffusion.upscaling.enlarge import enlarge
from diffusion.upscaling.weights import Upscaler, open_upscaler

IMAGE = Path(__file__).parents[1] / "docs" / "images" / "upscaling.jpg"
SIDE, LABEL, GAP = 240, 14, 4
DRAWN = ("cobble", "brick", "leaves", "clouds")


def main() -> None:
    upscaler = open_upscaler(None)
    model = load_model()
    dream = replace(DreamSettings(**model.defaults), seed=3)
    painted = generate(model, GenerateSettings("brick wall", dream=dream)).image
    rows = [
        compared("drawn, halved, doubled", drawn(), upscaler, halve=True),
        compared("painted, doubled", painted[64 : 64 + SIDE // 2, 64 : 64 + SIDE // 2], upscaler),
        compared("painted, four times", painted[96 : 96 + SIDE // 4, 96 : 96 + SIDE // 4], upscaler),
    ]
    width, height = 3 * (SIDE + GAP) + GAP, SIDE + LABEL + GAP
    sheet = Image.new("RGB", (width, len(rows) * height + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(11)
    for row, (name, pictures) in enumerate(rows):
        for column, (by, picture) in enumerate(pictures.items()):
            x, y = GAP + column * (SIDE + GAP), row * height + GAP
            pen.text((x, y), f"{name}: {by}" if column == 0 else by, fill="black", font=font)
            sheet.paste(picture, (x, y + LABEL))
    sheet.save(IMAGE, quality=88)
    print(IMAGE)


def drawn() -> np.ndarray:
    """uint8 [SIDE,SIDE,3]: a wall from a seed that wasn't used in training."""
    bank = build_bank([Surface(name) for name in DRAWN], 78, texels=128)
    world = replace(random_world(np.random.default_rng(0), "wall", SIDE), eye=np.array([0, 1.5, 3.0]), focal=2.0 * SIDE)
    return paint(world, bank, [0, 0, 0, 3], Mood(), 0).image.permute(1, 2, 0).numpy()


def compared(
    name: str, picture: np.ndarray, upscaler: Upscaler, halve: bool = False
) -> tuple[str, dict[str, Image.Image]]:
    """A picture enlarged to SIDE pixels by Lanczos and by the network; halve: halve it first."""
    image, size = Image.fromarray(picture), (SIDE, SIDE)
    small = image.resize((SIDE // 2, SIDE // 2), Image.Resampling.BOX) if halve else image
    lanczos, shown = small.resize(size, Image.Resampling.LANCZOS), enlarge(np.asarray(small), upscaler, size)
    ways = {"Lanczos": lanczos, "the network": Image.fromarray(shown)}
    if halve:
        return name, {**ways, "as it was drawn": image}
    return name, {"its pixels": small.resize(size, Image.Resampling.NEAREST), **ways}


if __name__ == "__main__":
    main()
