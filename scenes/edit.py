"""Editing a scene: every function takes a scene and gives a new one, or raises InputError. The scene it got stays as it was.

A map value is EMPTY or a material's index + 1. Places on the map are (x, z) in blocks, columns first; what lies outside is
left out.
"""

from __future__ import annotations

import colorsys
from dataclasses import replace
from typing import Any

import numpy as np

from scenes.errors import InputError
from scenes.extrude import Blocks
from scenes.materials import MAX_MATERIALS, MaterialFile, parse_materials, to_data
from scenes.scene import EMPTY, NEVER, SIDES, Background, Colour, Material, Scene
from scenes.tours import generated_paths

Place = tuple[float, float]
LINKS = ("material_over", "material_under")
LAYERS = ("floor", "ceiling")
STARTERS: tuple[tuple[str, str, Colour, float, float, str | None], ...] = (
    ("grass", "green grass", (126, 158, 82), 0.0, 0.5, None),
    ("path", "cobblestone", (168, 154, 138), 0.0, 0.5, None),
    ("water", "blue water", (92, 142, 170), 0.0, 0.25, None),
    ("wall", "red brick wall", (176, 96, 76), 0.0, 2.5, "roof"),
    ("roof", "roof tiles", (194, 138, 94), 2.5, 3.0, None),
    ("rock", "rock face", (140, 136, 130), 0.0, 1.5, None),
    ("trunk", "tree bark", (108, 82, 60), 0.0, 2.0, "leaves"),
    ("leaves", "leaves", (84, 128, 66), 1.75, 4.0, None),
)  # name, words, colour, start, height, over


def blank(width: int, depth: int, name: str = "untitled") -> Scene:
    """A new scene: a meadow of so many blocks, and materials to build with, in the embedded model's words."""
    if width not in SIDES or depth not in SIDES:
        problem = f"is {width}×{depth} blocks; a side has from {SIDES[0]} to {SIDES[-1]}"
        raise InputError("a new scene", "size", problem)
    materials = tuple(
        Material(name, colour, f"{words}, noon", height, colour, start_height=start, material_over=over)
        for name, words, colour, start, height, over in STARTERS
    )
    ground = np.zeros((depth, width), np.uint8)
    paths = frozenset(("orbit", "walk"))
    return Scene(name, ground, materials, Background("blue sky, noon"), floor="grass", generated=paths)


def stroke(scene: Scene, start: Place, end: Place, size: int, value: int) -> Scene:
    """Paint with a round brush, `size` blocks wide, along the line between two places. The same scene if nothing changes."""
    a, b = (np.array(_snapped(place, size)) for place in (start, end))
    depth, width = scene.map.shape
    low = np.clip(np.floor(np.minimum(a, b) - size / 2).astype(int), 0, (width, depth))
    high = np.clip(np.ceil(np.maximum(a, b) + size / 2).astype(int), 0, (width, depth))
    z, x = np.mgrid[low[1] : high[1], low[0] : high[0]]
    centres = np.stack([x, z], axis=-1) + 0.5
    way = b - a
    along = np.clip(((centres - a) @ way) / max(float(way @ way), 1e-9), 0, 1)
    near = np.linalg.norm(centres - a - along[..., None] * way, axis=-1) <= size / 2 + 1e-6
    meant = np.zeros(scene.map.shape, bool)
    meant[low[1] : high[1], low[0] : high[0]] = near
    return _put(scene, meant, value)


def fill(scene: Scene, place: Place, value: int) -> Scene:
    """Flood the area of one map value around a place (4-connected). The same scene if nothing changes."""
    x, z = (int(np.floor(c)) for c in place)
    if not (0 <= z < scene.map.shape[0] and 0 <= x < scene.map.shape[1]) or scene.map[z, x] == value:
        return scene
    return _put(scene, connected(scene.map == scene.map[z, x], z, x), value)


def pick(scene: Scene, place: Place) -> int | None:
    """The map value at a place, None outside the map."""
    x, z = (int(np.floor(c)) for c in place)
    inside = 0 <= z < scene.map.shape[0] and 0 <= x < scene.map.shape[1]
    return int(scene.map[z, x]) if inside else None


def change_material(scene: Scene, index: int, **changes: Any) -> Scene:
    """A material with other fields. A new name is followed by the materials and layers that refer to it."""
    before = scene.materials[index]
    after = replace(before, **changes)
    materials = [*scene.materials[:index], after, *scene.materials[index + 1 :]]
    return checked(_renamed(replace(scene, materials=tuple(materials)), before.name, after.name))


def add_material(scene: Scene, like: int) -> Scene:
    """One more material after `like`, as it is, with a name and a colour of its own. The map's values follow."""
    if len(scene.materials) >= MAX_MATERIALS:
        raise InputError(scene.name, "materials", f"are {MAX_MATERIALS} already; there can't be more")
    model = scene.materials[like]
    colour = free_colour(scene)
    new = replace(model, name=_free_name(scene, model.name), source=colour, display=colour)
    materials = (*scene.materials[: like + 1], new, *scene.materials[like + 1 :])
    return checked(replace(scene, materials=materials, map=scene.map + (scene.map > like + 1).astype(np.uint8)))


def remove_material(scene: Scene, index: int) -> Scene:
    """Without a material: its blocks become empty ground, and nothing refers to it any more."""
    if len(scene.materials) == 1:
        raise InputError(scene.name, "materials", "must be at least one")
    name = scene.materials[index].name
    materials = (*scene.materials[:index], *scene.materials[index + 1 :])
    numbers = np.where(scene.map == index + 1, EMPTY, scene.map - (scene.map > index + 1)).astype(np.uint8)
    return checked(_renamed(replace(scene, materials=materials, map=numbers), name, None))


def move_material(scene: Scene, index: int, to: int) -> Scene:
    """With the material at another place of the list; the map shows the same."""
    order = list(range(len(scene.materials)))
    order.insert(min(max(to, 0), len(order) - 1), order.pop(index))
    numbers = np.zeros(len(order) + 1, np.uint8)
    numbers[np.array(order) + 1] = np.arange(1, len(order) + 1)
    return replace(scene, materials=tuple(scene.materials[i] for i in order), map=numbers[scene.map])


def change_background(scene: Scene, **changes: Any) -> Scene:
    """The sky's prompt, negative prompt or display colour."""
    return checked(replace(scene, background=replace(scene.background, **changes)))


def change_scene(scene: Scene, **changes: Any) -> Scene:
    """voxels_per_block, floor or ceiling."""
    return checked(replace(scene, **changes))


def with_paths(scene: Scene, blocks: Blocks) -> Scene:
    """With the generated paths as its blocks, as they are now, have them."""
    if not scene.generated:
        return scene
    fresh = {name: path for name, path in generated_paths(blocks).items() if name in scene.generated}
    return replace(scene, paths={**scene.paths, **fresh})


def checked(scene: Scene) -> Scene:
    """The scene with its texts trimmed, as if it came from a file. InputError for what no file may say."""
    file = MaterialFile(scene.background, scene.materials, scene.voxels_per_block, scene.floor, scene.ceiling)
    read = parse_materials(to_data(file), scene.name)
    return replace(scene, background=read.background, materials=read.materials)


def free_colour(scene: Scene) -> Colour:
    """A colour far from those of the scene's materials, from a fixed series of clear ones."""
    used = np.array([c for m in scene.materials for c in (m.source, m.display) if c != NEVER]).reshape(-1, 3)
    hues = np.arange(36) * 0.381966 % 1.0  # the golden angle: neighbours in the series differ most
    series = [colorsys.hsv_to_rgb(hue, s, v) for hue in hues for s, v in ((0.5, 0.75), (0.65, 0.5))]
    colours = np.round(np.array(series) * 255).astype(int)
    taken = {m.source for m in scene.materials}
    distance = np.linalg.norm(colours[:, None] - used[None], axis=-1).min(axis=1, initial=1e9)
    order = [tuple(int(c) for c in colours[i]) for i in np.argsort(-distance, kind="stable")]
    red, green, blue = next((c for c in order if c not in taken), (1, 2, 3))
    while (red, green, blue) in taken:  # more materials than the series has colours
        red, green, blue = (red * 7 + 13) % 256, (green * 11 + 29) % 256, (blue * 13 + 31) % 256
    return red, green, blue


def connected(area: np.ndarray, z: int, x: int) -> np.ndarray:
    """bool [Z,X]: the part of a bool area that hangs together with its cell (z, x), over edges.

    Whole runs along rows and along columns are reached at a time, so it takes as many rounds as a way there has corners.
    """
    runs = []
    for grid in (area, area.T):
        begins = grid & ~np.pad(grid, ((0, 0), (1, 0)))[:, :-1]
        number = np.cumsum(begins).reshape(grid.shape) * grid
        runs.append(number if grid is area else number.T)
    reached = np.zeros(area.shape, bool)
    reached[z, x] = area[z, x]
    for turn in range(area.size):
        run = runs[turn % 2]
        hit = np.zeros(int(run.max()) + 1, bool)
        hit[run[reached]] = True
        hit[0] = False
        before, reached = reached.sum(), hit[run]
        if turn and reached.sum() == before:
            break
    return reached


def _put(scene: Scene, meant: np.ndarray, value: int) -> Scene:
    """The scene with `value` where meant. A material that was never on the map gets a colour to be told by there."""
    if not 0 <= value <= len(scene.materials):
        raise InputError(scene.name, "map", f"can't show {value}; it shows 0 (empty) to {len(scene.materials)}")
    if not (meant & (scene.map != value)).any():
        return scene
    numbers = np.where(meant, np.uint8(value), scene.map)
    if value != EMPTY and scene.materials[value - 1].source == NEVER:
        scene = change_material(scene, value - 1, source=free_colour(scene))
    return replace(scene, map=numbers)


def _snapped(place: Place, size: int) -> Place:
    """The brush's middle: a block's middle for an odd width, a corner of blocks for an even one."""
    x, z = (float(np.floor(c)) + 0.5 if size % 2 else float(np.round(c)) for c in place)
    return x, z


def _renamed(scene: Scene, old: str, new: str | None) -> Scene:
    """With every mention of a material's name changed, or, for None, taken out."""
    if old == new:
        return scene
    materials = tuple(replace(m, **{link: new for link in LINKS if getattr(m, link) == old}) for m in scene.materials)
    return replace(scene, materials=materials, **{k: new for k in LAYERS if getattr(scene, k) == old})  # type: ignore[arg-type]


def _free_name(scene: Scene, name: str) -> str:
    taken = {m.name for m in scene.materials}
    stem = name.rstrip("0123456789 ") or name
    return next(n for k in range(2, MAX_MATERIALS + 3) if (n := f"{stem} {k}") not in taken)


def same_material(before: Scene, after: Scene) -> np.ndarray:
    """int16 [materials before]: which material of another scene each is, by name, else by place where both were renamed; −1 gone."""
    names = {m.name: i for i, m in enumerate(after.materials)}
    known = {m.name for m in before.materials}

    def find(index: int, material: Material) -> int:
        if material.name in names:
            return names[material.name]
        fresh = len(before.materials) == len(after.materials) and after.materials[index].name not in known
        return index if fresh else -1

    return np.array([find(i, m) for i, m in enumerate(before.materials)], np.int16)
