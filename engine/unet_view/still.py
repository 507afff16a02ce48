"""A still picture of the U-Net, drawn without a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from engine.gl.context import create_headless_context
from engine.gl.targets import read_texture
from engine.unet_view.drawing import UnetDrawing, UnetView
from engine.unet_view.geometry import Tint, Tints
from engine.unet_view.labels import label_corner, place_labels
from engine.unet_view.layout import lay_out
from engine.unet_view.orbit import Orbit

SIZE = 1280, 960
SCALE = 2.0  # pixels per point
TEXT, LETTERS = 22, 18  # pixels: font sizes of the labels at the ends and of block names
LABEL_GAP, EDGE = 8, 2  # pixels between a text and its anchor, and width of its outline
NOW = 0.62  # progress of the call at which its flow is shown


def render_still(blocks: Sequence[Any], size: tuple[int, int] = SIZE) -> Image.Image:
    """Draw blocks (`diffusion.introspection.unet_probe.Block`). InputError without GL."""
    ctx, anatomy = create_headless_context(), lay_out(blocks)
    camera, tints = Orbit().camera(anatomy, size), Tints()
    drawing = UnetDrawing(ctx)
    try:
        texture = drawing.draw(anatomy, UnetView(camera, size, tints, scale=SCALE), NOW)
        picture = Image.fromarray(read_texture(ctx, texture)[..., :3])
    finally:
        drawing.release()
        ctx.release()
    pen = ImageDraw.Draw(picture)
    for label in place_labels(anatomy, camera, size):
        tall = TEXT if label.block is None else LETTERS
        font = ImageFont.load_default(tall)
        place = label_corner(label, pen.textlength(label.text, font), tall, size, LABEL_GAP)
        pen.text(place, label.text, _bytes(tints.flow), font, stroke_width=EDGE, stroke_fill=_bytes(tints.ground))
    return picture


def _bytes(tint: Tint) -> tuple[int, ...]:
    return tuple(round(255 * v) for v in tint)
