"""Makes a scene of a .vox model: each voxel becomes a block of a layer, each colour a material with a prompt to begin with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from base.errors import InputError
from scenes.load import MOST_LAYER_PIXELS
from scenes.materials import MAX_MATERIALS
from scenes.scene import EMPTY, MAP_SIDES, MOST_LAYERS, Background, Colour, Material, Scene
from scenes.vox import read_vox

GROUND = Material("ground", (96, 140, 72), "green grass", 0.5, (96, 140, 72))
MOST_CELLS = 1 << 25  # voxels of a scene that is made; their fineness follows
FINENESS = (8, 4, 2, 1)  # voxels per block, the first that fits
# colour → likely material; the nearest colour is used, and the user can change the prompt
LIKELY: tuple[tuple[Colour, str, str], ...] = (
    ((240, 240, 245), "snow", "white snow"),
    ((200, 196, 186), "plaster", "white plaster wall"),
    ((150, 150, 150), "stone", "grey stone wall"),
    ((90, 90, 96), "slate", "dark slate"),
    ((40, 40, 44), "basalt", "black basalt"),
    ((160, 70, 55), "brick", "red brick wall"),
    ((220, 60, 50), "red", "red painted wood"),
    ((225, 140, 60), "clay", "orange clay tiles"),
    ((225, 200, 130), "sand", "yellow sand"),
    ((170, 120, 70), "wood", "wooden planks"),
    ((95, 65, 42), "bark", "brown tree bark"),
    ((85, 150, 65), "grass", "green grass"),
    ((45, 95, 45), "leaves", "dark green leaves"),
    ((70, 130, 200), "water", "blue water"),
    ((40, 60, 120), "blue", "dark blue painted wood"),
    ((150, 90, 170), "flowers", "purple flowers"),
)


def import_vox(path: str | Path, margin: int, ground: str) -> Scene:
    """The scene of a model with `margin` blocks of ground around it. ground: its prompt; "" leaves it open.

    Raises InputError for a file that can't be read, or too large for a scene.
    """
    model = read_vox(path)
    height, *sides = model.colours.shape
    if height > MOST_LAYERS:
        raise InputError(path, "", f"is {height} voxels high; allowed are {MOST_LAYERS}")
    used = [number for number in np.flatnonzero(np.bincount(model.colours.ravel(), minlength=256)) if number != EMPTY]
    if len(used) >= MAX_MATERIALS:
        raise InputError(path, "", f"has {len(used)} colours; allowed are {MAX_MATERIALS - 1}")
    table, materials = np.zeros(256, np.uint8), [replace(GROUND, prompt=ground)] if ground else []
    for number in used:
        materials.append(_material(model.palette[number], [m.name for m in materials], [m.source for m in materials]))
        table[number] = len(materials)
    around = [(margin, max(margin, MAP_SIDES[0] - side - margin)) for side in sides]
    layers = np.pad(table[model.colours], ((0, 0), *around))
    if layers.size > MOST_LAYER_PIXELS:
        problem = f"is {' × '.join(map(str, layers.shape))} voxels with the ground around it; allowed are {MOST_LAYER_PIXELS:,}"
        raise InputError(path, "", problem)
    return Scene(
        name=Path(path).stem,
        map=np.zeros(layers.shape[1:], np.uint8),
        materials=tuple(materials),
        background=Background("blue sky"),
        voxels_per_block=next((n for n in FINENESS if n * layers.size <= MOST_CELLS), FINENESS[-1]),
        floor=GROUND.name if ground else None,
        layers=layers,
    )


def _material(colour: np.ndarray, names: list[str], sources: list[Colour]) -> Material:
    """A material for a colour, with a name and a colour on the map of its own."""
    red, green, blue = (int(c) for c in colour[:3])
    _, name, prompt = min(
        LIKELY, key=lambda row: sum((a - b) ** 2 for a, b in zip(row[0], (red, green, blue), strict=True))
    )
    free = next(word for word in (name, *(f"{name}_{k}" for k in range(2, 257))) if word not in names)
    source = (red, green, blue)
    while source in sources:  # two colours of the palette are the same
        source = (source[0], source[1], (source[2] + 1) % 256)
    return Material(free, source, prompt, 1.0, (red, green, blue))
