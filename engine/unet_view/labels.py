"""Labels of the U-Net or a decoder and their place in its picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.unet_view.layout import Anatomy
from engine.unet_view.orbit import project_points
from engine.unet_view.paths import facing_side
from scenes.camera import Camera

ENDS = {"in": "noise", "out": "answer"}  # by kind of block: what enters or leaves the network there
DECODER_ENDS = {"in": "latents", "out": "picture"}  # the same of a decoder, which has no arm that descends
PROMPT = "the prompt"


@dataclass(frozen=True)
class Label:
    """x, y: anchor, pixels to the right and down; side: where the text lies from there: left, right, above or below; block: its block."""

    text: str
    x: float
    y: float
    side: str
    block: int | None = None


def place_labels(anatomy: Anatomy, camera: Camera, size: tuple[int, int], names: bool = True) -> list[Label]:
    """Return labels of what is in the picture. names: include block names, which are placed outside the U."""
    found = []
    turn = np.argmin([slab.place[1] for slab in anatomy.slabs])  # the first of the lowest: the end of the left arm
    ends = ENDS if any(block.kind == "down" for block in anatomy.blocks) else DECODER_ENDS
    mirrored = camera.axes[0][0] < 0
    for i, (block, slab) in enumerate(zip(anatomy.blocks, anatomy.slabs, strict=True)):
        end = ends.get(block.kind, "")
        text = f"{block.name} ({end})" if names and end else block.name if names else end
        corners = project_points(camera, size, slab.corners)
        if not text or corners[:, 2].min() <= camera.near:
            continue
        (left, top, _), (right, bottom, _) = corners.min(0), corners.max(0)
        if end or (i > turn and facing_side(slab, anatomy.slabs[i + 1])[0]):  # the next block lies beside it
            found.append(Label(text, (left + right) / 2, top, "above", i))
        elif (i <= turn) != mirrored:
            found.append(Label(text, left, (top + bottom) / 2, "left", i))
        else:
            found.append(Label(text, right, (top + bottom) / 2, "right", i))
    words = next((path for path in anatomy.paths if path.kind == "words"), None)
    if words is not None:
        x, y, depth = project_points(camera, size, words.points[:1])[0]
        if depth > camera.near:
            found.append(Label(PROMPT, x, y, "below"))
    return [label for label in found if 0 <= label.x <= size[0] and 0 <= label.y <= size[1]]


# Side → how far left of the anchor a text starts, in text widths, and how far above, in text heights.
ANCHORS = {"left": (1.0, 0.5), "right": (0.0, 0.5), "above": (0.5, 1.0), "below": (0.5, 0.0)}


def label_corner(label: Label, wide: float, tall: float, size: tuple[float, float], gap: float) -> tuple[float, float]:
    """Return the upper left corner of a label's text of size wide × tall, `gap` from its anchor but inside the picture."""
    across, down = ANCHORS[label.side]
    x = label.x - across * wide + gap * (1 - 2 * across)
    y = label.y - down * tall + gap * (1 - 2 * down)
    return min(max(x, gap), size[0] - wide - gap), min(max(y, 0.0), size[1] - tall)
