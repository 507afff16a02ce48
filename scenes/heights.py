"""Raises and lowers blocks of a map. A height belongs to a material, so blocks of another height get a material of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scenes.edit import LAYERS, LINKS, change_material, pick_free_colour, pick_free_name, validate_scene
from scenes.edit_map import paint_area
from scenes.materials import MAX_HEIGHT
from scenes.scene import EMPTY, NO_COLOUR, Material, Scene
from scenes.shapes import Area


def raise_blocks(scene: Scene, where: np.ndarray, change: float) -> Scene:
    """Raise the blocks of a mask bool [Z,X] by `change` blocks (lower them if negative), with all that is stacked on them.

    Heights stay whole voxels: at least one, at most MAX_HEIGHT. If a mask holds all blocks of a material that nothing else needs, the
    material changes; otherwise its blocks become another material, a copy or one that is like it already. Empty ground rises as
    its floor. Returns the same scene if nothing changes; InputError if it would need too many materials.
    """
    for name in dict.fromkeys(find_name(scene, int(value)) for value in np.unique(scene.map[where])):
        step = 0.0 if name is None else _limit(scene, name, change)
        if name is None or step == 0:
            continue
        blocks = find_blocks(scene, name)
        own = not blocks[~where].any() and _count_users(scene, name) == (name == scene.floor)
        scene, index = _raise_material(scene, _index(scene, name), step, own)
        if not own:
            scene = paint_area(scene, Area(0, 0, blocks & where), index + 1)
    return scene


def find_name(scene: Scene, value: int) -> str | None:
    """Return the name of the material of a map value; of the floor, if there is one, for empty ground."""
    return scene.floor if value == EMPTY else scene.materials[value - 1].name


def find_blocks(scene: Scene, name: str) -> np.ndarray:
    """Return bool [Z,X]: the blocks of a material, with empty ground if it is the floor."""
    blocks = scene.map == _index(scene, name) + 1
    return blocks | (scene.map == EMPTY) if name == scene.floor else blocks


def find_top(scene: Scene, value: int) -> float:
    """Return the top of a map value's column, in blocks above the ground; 0 for empty ground without a floor."""
    return max((m.height for m in _stack(scene, find_name(scene, value))), default=0.0)


def _stack(scene: Scene, name: str | None) -> list[Material]:
    """A material and those stacked on it, from the bottom."""
    found = []
    while name is not None:
        material = scene.materials[_index(scene, name)]
        found.append(material)
        name = material.material_over
    return found


def _limit(scene: Scene, name: str, change: float) -> float:
    """The part of a change, in whole voxels, that a material and all that is stacked on it can take."""
    n, stack = scene.voxels_per_block, _stack(scene, name)
    lowest = stack[0].start_height + 1 / n - stack[0].height
    highest = MAX_HEIGHT - max(m.height for m in stack)
    voxels = np.clip(np.round(change * n), min(0, np.ceil(lowest * n - 1e-6)), max(0, np.floor(highest * n + 1e-6)))
    return float(voxels) / n


def _raise_material(scene: Scene, index: int, step: float, own: bool, above: bool = False) -> tuple[Scene, int]:
    """(scene, index) of a material that is like another one, but higher.

    own: nothing else needs the old one, so it may change itself; above: it is stacked on another one, so its bottom rises, too.
    """
    over = scene.materials[index].material_over
    if over is not None:
        scene, top = _raise_material(scene, _index(scene, over), step, own and _count_users(scene, over) == 1, True)
        over = scene.materials[top].name
    old = scene.materials[index]
    start = old.start_height + step if above and old.start_height else old.start_height
    shape = {"height": round(old.height + step, 6), "start_height": round(start, 6), "material_over": over}
    if own:
        return change_material(scene, index, **shape), index
    wanted = replace(old, **shape)
    for i, known in enumerate(scene.materials):
        if replace(known, name=wanted.name, source=wanted.source) == wanted:
            return scene, i
    source = NO_COLOUR if old.source == NO_COLOUR else pick_free_colour(scene)
    copy = replace(wanted, name=pick_free_name(scene, old.name), source=source)
    return validate_scene(replace(scene, materials=(*scene.materials, copy))), len(scene.materials)


def _count_users(scene: Scene, name: str) -> int:
    """How many layers and other materials name a material, and one more if it stands on the map under another one."""
    links = sum(getattr(m, link) == name for m in scene.materials for link in LINKS)
    layers = sum(getattr(scene, layer) == name for layer in LAYERS)
    stacked = links > 0 and bool((scene.map == _index(scene, name) + 1).any())
    return links + layers + stacked


def _index(scene: Scene, name: str) -> int:
    return next(i for i, m in enumerate(scene.materials) if m.name == name)
