"""Whether the parts of a canvas fit together, and the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from base.grid import CELL
from diffusion.canvas import Canvas, DreamSettings
from diffusion.denoisers.anagram import fits

if TYPE_CHECKING:
    from diffusion.models.model import Model


def check(model: Model, canvas: Canvas, settings: DreamSettings) -> None:
    """Raise ValueError, with a sentence, when the parts of a canvas don't fit together or the model."""
    channels, height, width = canvas.noise.shape
    cell = model.multiple // CELL
    if channels != model.channels:
        raise ValueError(f"the canvas has {channels} channels, the model {model.channels}")
    if height % cell or width % cell:
        raise ValueError(
            f"a canvas of {CELL * width}×{CELL * height} pixels; the model needs multiples of {model.multiple}"
        )
    if not canvas.regions:
        raise ValueError("a canvas without regions")
    planes = [
        ("change", canvas.change),
        ("depth", canvas.depth),
        ("known", canvas.known),
        ("behind", canvas.behind),
        ("finer", canvas.finer),
        ("trusted", canvas.trusted),
        ("freed", canvas.freed),
        *(("mask", r.mask) for r in canvas.regions),
    ]
    for name, plane in planes:
        if plane is not None and plane.shape != (height, width):
            raise ValueError(f"{name} is {plane.shape}, the canvas {(height, width)}")
    if canvas.memory is not None and canvas.memory.shape != canvas.noise.shape:
        raise ValueError(f"memory is {canvas.memory.shape}, the canvas {canvas.noise.shape}")
    if canvas.colours is not None and canvas.colours.shape != (CELL * height, CELL * width, 4):
        raise ValueError(f"colours are {canvas.colours.shape}, the canvas needs {(CELL * height, CELL * width, 4)}")
    if canvas.taken is not None and canvas.taken.shape != (CELL * height, CELL * width):
        raise ValueError(f"taken is {canvas.taken.shape}, the canvas needs {(CELL * height, CELL * width)}")
    if canvas.parts is not None and canvas.parts.shape != (CELL * height, CELL * width):
        raise ValueError(f"parts are {canvas.parts.shape}, the canvas needs {(CELL * height, CELL * width)}")
    if canvas.parts is not None and canvas.parts.max() >= len(canvas.regions):
        raise ValueError(f"parts name region {canvas.parts.max()}, the canvas has {len(canvas.regions)}")
    if canvas.memory is None and canvas.colours is None and bool((canvas.change < 1).any()):
        raise ValueError("the canvas keeps pixels (change below 1), but remembers none")
    for turned in canvas.anagrams:
        if problem := fits(turned.view, height, width):
            raise ValueError(problem)
    step = cell * settings.dilate
    if height % step or width % step:
        raise ValueError(
            f"dilated sampling by {settings.dilate} needs sides that are multiples of {CELL * step} pixels"
        )
