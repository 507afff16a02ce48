"""What is written beside the U-Net, and where in its picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.unet_view.layout import Anatomy
from engine.unet_view.orbit import project_points
from engine.unet_view.paths import facing_side
from scenes.camera import Camera

ENDS = {"in": "noise", "out": "answer"}  # of blocks, what comes from outside or goes there
PROMPT = "the prompt"


@dataclass(frozen=True)
class Label:
    """x, y: pixels to the right and down; side: where from there the text stands: left, right, above or below; block: whose it is."""

    text: str
    x: float
    y: float
    side: str
    block: int | None = None


def place_labels(anatomy: Anatomy, camera: Camera, size: tuple[int, int], names: bool = True) -> list[Label]:
    """names: of the blocks, too; they stand outside of the U. What is not in the picture isn't named."""
    found = []
    turn = np.argmin([slab.place[1] for slab in anatomy.slabs])  # the first of the lowest: where the left arm ends
    mirrored = camera.axes[0][0] < 0
    for i, (block, slab) in enumerate(zip(anatomy.blocks, anatomy.slabs, strict=True)):
        end = ENDS.get(block.kind, "")
        text = f"{block.name} ({end})" if names and end else block.name if names else end
        corners = project_points(camera, size, slab.corners)
        if not text or corners[:, 2].min() <= camera.near:
            continue
        (left, top, _), (right, bottom, _) = corners.min(0), corners.max(0)
        if end or (i > turn and facing_side(slab, anatomy.slabs[i + 1])[0]):  # the next one stands beside it
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


# Side → how far left of the place a text begins, in its widths, and how far above, in its heights.
ANCHORS = {"left": (1.0, 0.5), "right": (0.0, 0.5), "above": (0.5, 1.0), "below": (0.5, 0.0)}


def label_corner(label: Label, wide: float, tall: float, size: tuple[float, float], gap: float) -> tuple[float, float]:
    """The upper left corner of a label's text, wide × tall, beside its place by a gap, but inside the picture."""
    across, down = ANCHORS[label.side]
    x = label.x - across * wide + gap * (1 - 2 * across)
    y = label.y - down * tall + gap * (1 - 2 * down)
    return min(max(x, gap), size[0] - wide - gap), min(max(y, 0.0), size[1] - tall)
