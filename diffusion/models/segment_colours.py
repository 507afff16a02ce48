"""The colours of ADE20K's classes, as segmentation ControlNets expect them, and words in prompts that name each class."""

from __future__ import annotations

import re

import numpy as np

Colour = tuple[int, int, int]
# colour of a class → words for it
CLASSES: dict[Colour, tuple[str, ...]] = {
    (120, 120, 120): ("wall", "walls", "bricks", "brick", "plaster", "masonry"),
    (180, 120, 120): ("building", "facade", "palace", "temple"),
    (6, 230, 230): ("sky", "clouds"),
    (80, 50, 50): ("floor", "parquet"),
    (4, 200, 3): ("tree", "trees", "foliage", "leaves", "bark"),
    (120, 120, 80): ("ceiling",),
    (140, 140, 140): ("road", "street", "asphalt", "highway", "cobblestone", "cobblestones"),
    (230, 230, 230): ("window", "windowpane", "windows", "glass", "panes"),
    (4, 250, 7): ("grass", "lawn", "meadow", "turf"),
    (235, 255, 7): ("sidewalk", "pavement"),
    (120, 120, 70): ("earth", "ground", "soil", "dirt", "mud"),
    (8, 255, 51): ("door", "gate"),
    (143, 255, 140): ("mountain", "mountains"),
    (204, 255, 4): ("plant", "plants", "hedge", "ivy", "moss", "shrub"),
    (61, 230, 250): ("water", "pond", "puddle"),
    (255, 9, 224): ("house", "houses", "cottage", "roof", "thatch", "shingles"),
    (9, 7, 230): ("sea", "ocean"),
    (255, 9, 92): ("rug", "carpet"),
    (112, 9, 255): ("field",),
    (255, 184, 6): ("fence", "palisade"),
    (255, 41, 10): ("rock", "rocks", "stone", "stones", "cliff", "boulder"),
    (255, 8, 41): ("column", "columns", "pillar"),
    (160, 150, 20): ("sand", "beach", "dunes"),
    (255, 31, 0): ("path", "trail", "gravel"),
    (255, 224, 0): ("stairs", "steps"),
    (11, 200, 200): ("river", "stream"),
    (255, 82, 0): ("bridge",),
}
WALL, FLOOR, CEILING = (120, 120, 120), (80, 50, 50), (120, 120, 80)
SKY_COLOUR = (6, 230, 230)
NAMED = {word: colour for colour, words in CLASSES.items() for word in words}
JOINTS = re.compile(r"[,.;]|\b(?:with|of|in|on|under|covered|at)\b")


def colour_of(prompt: str) -> Colour | None:
    """The colour of the class that a prompt names; None if it names none.

    The last word that names a class before the first comma or preposition counts, then the first word of the rest.
    """
    head, *rest = JOINTS.split(prompt.lower(), maxsplit=1)
    found = [NAMED[word] for word in re.findall(r"[a-z]+", head) if word in NAMED]
    if found:
        return found[-1]
    return next((NAMED[word] for word in re.findall(r"[a-z]+", " ".join(rest)) if word in NAMED), None)


def side_colours(side: np.ndarray) -> np.ndarray:
    """uint8 [H,W,3]: wall, floor or ceiling, by the side int8 [H,W] that a surface faces (`diffusion.canvas.GBuffer`)."""
    table = np.array([WALL, WALL, FLOOR, CEILING, WALL, WALL, SKY_COLOUR], np.uint8)
    return table[side.astype(np.int64)]
