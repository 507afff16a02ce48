"""What is written beside the U-Net, and where in its picture."""

from __future__ import annotations

from dataclasses import dataclass

from engine.unet.layout import Anatomy
from engine.unet.orbit import project
from scenes.camera import Camera

ENDS = {"in": "noise", "out": "answer"}  # of blocks, what comes from outside or goes there
PROMPT = "the prompt"


@dataclass(frozen=True)
class Label:
    """x, y: pixels to the right and down, of the text's middle and, by `above`, its lower or upper end; block: whose it is, or None."""

    text: str
    x: float
    y: float
    above: bool
    block: int | None = None


def labels(anatomy: Anatomy, camera: Camera, size: tuple[int, int], names: bool = True) -> list[Label]:
    """names: of the blocks, too."""
    found = []
    for i, (block, slab) in enumerate(zip(anatomy.blocks, anatomy.slabs, strict=True)):
        end = ENDS.get(block.kind, "")
        text = f"{block.name} ({end})" if names and end else block.name if names else end
        corners = project(camera, size, slab.corners)
        if text and corners[:, 2].min() > camera.near:
            middle = (corners[:, 0].min() + corners[:, 0].max()) / 2
            found.append(Label(text, float(middle), float(corners[:, 1].min()), True, i))
    words = next((path for path in anatomy.paths if path.kind == "words"), None)
    if words is not None:
        x, y, depth = project(camera, size, words.points[:1])[0]
        if depth > camera.near:
            found.append(Label(PROMPT, float(x), float(y), False))
    return found
