"""A new scene: a plain, and materials to build with, described in words that the embedded model knows."""

from __future__ import annotations

import numpy as np

from base.errors import InputError
from scenes.scene import MAP_SIDES, Background, Colour, Material, Scene
from scenes.style import Style

STARTER_MATERIALS: tuple[tuple[str, str, Colour, float, float, str | None], ...] = (
    ("grass", "green grass", (126, 158, 82), 0.0, 0.5, None),
    ("path", "cobblestone", (168, 154, 138), 0.0, 0.5, None),
    ("water", "blue water", (92, 142, 170), 0.0, 0.25, None),
    ("wall", "red brick wall", (176, 96, 76), 0.0, 2.5, "roof"),
    ("roof", "roof tiles", (194, 138, 94), 2.5, 3.0, None),
    ("rock", "rock face", (140, 136, 130), 0.0, 1.5, None),
    ("trunk", "tree bark", (108, 82, 60), 0.0, 2.0, "leaves"),
    ("leaves", "leaves", (84, 128, 66), 1.75, 4.0, None),
    ("sand", "sand", (222, 196, 140), 0.0, 0.5, None),
    ("snow", "snow", (232, 238, 244), 0.0, 0.5, None),
)  # name, words, colour, start, height, over

GROUNDS = ("grass", "sand", "snow", "path", "water")  # materials that a new scene's ground may have


def make_blank_scene(width: int, depth: int, name: str = "untitled", ground: str = GROUNDS[0]) -> Scene:
    """Make a plain of width × depth blocks. ground: one of GROUNDS. InputError for sides outside MAP_SIDES and other grounds."""
    if width not in MAP_SIDES or depth not in MAP_SIDES:
        problem = f"is {width}×{depth} blocks; a side has from {MAP_SIDES[0]} to {MAP_SIDES[-1]}"
        raise InputError("a new scene", "size", problem)
    if ground not in GROUNDS:
        raise InputError("a new scene", "ground", f"is {ground!r}; it is one of {', '.join(GROUNDS)}")
    materials = tuple(
        Material(name, colour, words, height, colour, start_height=start, material_over=over)
        for name, words, colour, start, height, over in STARTER_MATERIALS
    )
    empty = np.zeros((depth, width), np.uint8)
    paths = frozenset(("orbit", "walk"))
    return Scene(
        name, empty, materials, Background("blue sky"), floor=ground, style=Style(light="noon"), generated=paths
    )
