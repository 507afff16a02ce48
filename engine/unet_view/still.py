"""The U-Net as a picture for a file, drawn without a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from engine.gl.context import headless
from engine.gl.targets import read
from engine.unet_view.drawing import UnetDrawing, View
from engine.unet_view.geometry import Tint, Tints
from engine.unet_view.labels import corner, labels
from engine.unet_view.layout import lay_out
from engine.unet_view.orbit import Orbit

SIZE = 1280, 960
SCALE = 2.0  # pixels of a point
TEXT, LETTERS = 22, 18  # pixels of what stands at the ends, and of the names
BESIDE, EDGE = 8, 2  # pixels between a text and what it names, and around it
NOW = 0.62  # of the call, at which its flow is shown


def still(blocks: Sequence[Any], size: tuple[int, int] = SIZE) -> Image.Image:
    """blocks: `diffusion.introspection.unet_probe.Block`. Raises InputError when there is no GL."""
    ctx, anatomy = headless(), lay_out(blocks)
    camera, tints = Orbit().camera(anatomy, size), Tints()
    drawing = UnetDrawing(ctx)
    try:
        texture = drawing.draw(anatomy, View(camera, size, tints, scale=SCALE), NOW)
        picture = Image.fromarray(read(ctx, texture)[..., :3])
    finally:
        drawing.forget()
        ctx.release()
    pen = ImageDraw.Draw(picture)
    for label in labels(anatomy, camera, size):
        tall = TEXT if label.block is None else LETTERS
        font = ImageFont.load_default(tall)
        place = corner(label, pen.textlength(label.text, font), tall, size, BESIDE)
        pen.text(place, label.text, _bytes(tints.flow), font, stroke_width=EDGE, stroke_fill=_bytes(tints.ground))
    return picture


def _bytes(tint: Tint) -> tuple[int, ...]:
    return tuple(round(255 * v) for v in tint)
