"""Makes a scene of a mesh file: the mesh in the middle of a piece of ground."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from base.errors import InputError
from scenes.edit import LAYERS, validate_scene
from scenes.import_vox import GROUND
from scenes.materials import MAX_HEIGHT
from scenes.mesh import Mesh, MeshPlace
from scenes.read_mesh import read_mesh
from scenes.scene import EMPTY, MAP_SIDES, NO_COLOUR, Background, Colour, Material, Scene

BARE: Colour = (196, 190, 180)  # a mesh before it is painted
SIZE = 4.0  # blocks along a mesh's longest side


def import_mesh(path: str | Path, margin: int, ground: str, size: float = SIZE, prompt: str = "") -> Scene:
    """The scene of a mesh, `size` blocks along its longest side, with `margin` blocks of ground around it.

    ground: the ground's prompt, "" for none; prompt: the mesh's, "" for its file's name. Raises InputError for a file that can't be
    read, for sides that no map has, or for a place or a scale that no scene's file may have.
    """
    path = Path(path)
    geometry, data = read_mesh(path)
    used = geometry.vertices[np.unique(geometry.triangles)]
    low, extent = used.min(axis=0), np.ptp(used, axis=0)
    scale, sides = float(f"{size / extent.max():.6g}"), extent / extent.max() * size
    width, depth = (max(int(np.ceil(sides[k])) + 2 * margin, MAP_SIDES[0]) for k in (0, 2))
    if max(width, depth) not in MAP_SIDES:
        raise InputError(
            path, "", f"takes {width} × {depth} blocks with the ground around it; allowed are {MAP_SIDES[-1]}"
        )
    floor = GROUND.height if ground else 0.0
    middle = low + extent * (0.5, 0, 0.5)
    position = np.array([width / 2, floor, depth / 2]) - middle * scale
    if sides[1] + floor > MAX_HEIGHT:
        raise InputError(path, "", f"is {sides[1]:g} blocks high; allowed are {MAX_HEIGHT:g}")
    words = " ".join(path.stem.replace("_", " ").replace("-", " ").split())
    name = f"{words} mesh".strip() if words in ("", GROUND.name, *LAYERS) else words  # those mean something else
    own = Material(name, NO_COLOUR, prompt or name, 0.0, BARE)
    x, y, z = np.round(position, 6).tolist()
    scene = Scene(
        name=path.stem,
        map=np.full((depth, width), EMPTY, np.uint8),
        materials=(*([replace(GROUND, prompt=ground)] if ground else []), own),
        background=Background("blue sky"),
        floor=GROUND.name if ground else None,
        meshes=(Mesh(MeshPlace(path.name, name, (x, y, z), scale=scale), geometry, data),),
    )
    return validate_scene(scene)
