"""Open scenes by name. `unseen-N` is a generated map: a built-in scene's materials scattered over open ground by seed N."""

from __future__ import annotations

import dataclasses
import re

import numpy as np

from base.errors import InputError
from scenes.extrude import extrude_scene
from scenes.load import BUILTIN, load_scene
from scenes.scene import Scene
from scenes.tours import generate_paths

UNSEEN = re.compile(r"unseen-(\d{1,9})")
SIDE = 32  # blocks
MARGIN = 2  # blocks of open ground around
THINGS = 36
LARGEST = 6  # blocks along a side


def open_named(name: str | None) -> Scene:
    """A built-in scene, a folder, or a generated map. Raises InputError."""
    name = name or BUILTIN[0]
    found = UNSEEN.fullmatch(name)
    if found:
        return make_unseen_scene(int(found[1]))
    try:
        return load_scene(name)
    except InputError as error:
        if error.field or str(name) in BUILTIN:
            raise
        raise InputError(
            "--scenes", "", f"has {name!r}; it is a built-in scene, a scene's folder, or unseen-N"
        ) from None


def make_unseen_scene(seed: int) -> Scene:
    """Rectangles of a built-in scene's materials on its most frequent one, with generated camera paths."""
    like = load_scene(BUILTIN[seed % len(BUILTIN)])
    random = np.random.default_rng(seed)
    values, counts = np.unique(like.map, return_counts=True)
    ground = values[counts.argmax()]
    things = values[values != ground]
    plan = np.full((SIDE, SIDE), ground, np.uint8)
    for thing in random.choice(things, THINGS):
        w, h = random.integers(1, LARGEST + 1, 2)
        x, z = random.integers(MARGIN, SIDE - MARGIN - w), random.integers(MARGIN, SIDE - MARGIN - h)
        plan[z : z + h, x : x + w] = thing
    scene = dataclasses.replace(like, name=f"unseen-{seed}", map=plan, paths={}, notes=())
    return dataclasses.replace(scene, paths=generate_paths(extrude_scene(scene)))
