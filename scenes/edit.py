"""Edits a scene's materials and settings. Functions return a new scene or raise InputError; the given scene stays unchanged."""

from __future__ import annotations

import colorsys
from dataclasses import replace
from typing import Any

import numpy as np

from base.errors import InputError
from scenes.extrude import Blocks
from scenes.materials import MAX_MATERIALS, MaterialFile, parse_materials, to_yaml_data
from scenes.obstacles import with_meshes
from scenes.scene import EMPTY, NO_COLOUR, Colour, Material, Scene
from scenes.tours import generate_paths

LINKS = ("material_over", "material_under")
LAYERS = ("floor", "ceiling")


def change_material(scene: Scene, index: int, **changes: Any) -> Scene:
    """Change fields of a material. Materials and layers that refer to it follow a new name."""
    before = scene.materials[index]
    after = replace(before, **changes)
    materials = [*scene.materials[:index], after, *scene.materials[index + 1 :]]
    return validate_scene(_rename_links(replace(scene, materials=tuple(materials)), before.name, after.name))


def add_material(scene: Scene, like: int) -> Scene:
    """Insert a copy of material `like` after it, with a name and a colour of its own. The map is renumbered."""
    if len(scene.materials) >= MAX_MATERIALS:
        raise InputError(scene.name, "materials", f"are {MAX_MATERIALS} already; there can't be more")
    model = scene.materials[like]
    colour = pick_free_colour(scene)
    new = replace(model, name=pick_free_name(scene, model.name), source=colour, display=colour)
    materials = (*scene.materials[: like + 1], new, *scene.materials[like + 1 :])
    values = np.arange(len(scene.materials) + 1, dtype=np.uint8)
    return validate_scene(scene.with_values(values + (values > like + 1), materials=materials))


def remove_material(scene: Scene, index: int) -> Scene:
    """Remove a material: its blocks become empty ground, and references to it are dropped."""
    if len(scene.materials) == 1:
        raise InputError(scene.name, "materials", "must be at least one")
    name = scene.materials[index].name
    materials = (*scene.materials[:index], *scene.materials[index + 1 :])
    values = np.arange(len(scene.materials) + 1)
    table = np.where(values == index + 1, EMPTY, values - (values > index + 1)).astype(np.uint8)
    return validate_scene(_rename_links(scene.with_values(table, materials=materials), name, None))


def move_material(scene: Scene, index: int, to: int) -> Scene:
    """Move a material to another position of the list; the map is renumbered and shows the same."""
    order = list(range(len(scene.materials)))
    order.insert(min(max(to, 0), len(order) - 1), order.pop(index))
    numbers = np.zeros(len(order) + 1, np.uint8)
    numbers[np.array(order) + 1] = np.arange(1, len(order) + 1)
    return scene.with_values(numbers, materials=tuple(scene.materials[i] for i in order))


def change_background(scene: Scene, **changes: Any) -> Scene:
    """Change the sky's prompt, negative prompt or display colour."""
    return validate_scene(replace(scene, background=replace(scene.background, **changes)))


def change_style(scene: Scene, **changes: Any) -> Scene:
    """Change the style's prompt, negative prompt or light."""
    return validate_scene(replace(scene, style=replace(scene.style, **changes)))


def change_scene(scene: Scene, **changes: Any) -> Scene:
    """Change voxels_per_block, floor or ceiling."""
    return validate_scene(replace(scene, **changes))


def regenerate_paths(scene: Scene, blocks: Blocks) -> Scene:
    """Replace the generated paths by those for the given blocks."""
    if not scene.generated:
        return scene
    fresh = {name: path for name, path in generate_paths(with_meshes(blocks, scene)).items() if name in scene.generated}
    return replace(scene, paths={**scene.paths, **fresh})


def validate_scene(scene: Scene) -> Scene:
    """Return the scene as if it were read from a file, with texts trimmed. InputError for values that no file may have."""
    read = parse_materials(to_yaml_data(MaterialFile.of(scene)), scene.name)
    return replace(scene, background=read.background, materials=read.materials, style=read.style)


def pick_free_colour(scene: Scene) -> Colour:
    """Pick a colour far from those of the scene's materials, from a fixed series of clear ones."""
    used = np.array([c for m in scene.materials for c in (m.source, m.display) if c != NO_COLOUR]).reshape(-1, 3)
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


def pick_free_name(scene: Scene, name: str) -> str:
    """Pick a name like `name` that no material has."""
    taken = {m.name for m in scene.materials}
    stem = name.rstrip("0123456789 ") or name
    return next(n for k in range(2, MAX_MATERIALS + 3) if (n := f"{stem} {k}") not in taken)


def match_materials(before: Scene, after: Scene) -> np.ndarray:
    """Return int16 [materials before]: the index of each material in another scene, by name, else by position if renamed; −1 if gone."""
    names = {m.name: i for i, m in enumerate(after.materials)}
    known = {m.name for m in before.materials}

    def find(index: int, material: Material) -> int:
        if material.name in names:
            return names[material.name]
        fresh = len(before.materials) == len(after.materials) and after.materials[index].name not in known
        return index if fresh else -1

    return np.array([find(i, m) for i, m in enumerate(before.materials)], np.int16)


def _rename_links(scene: Scene, old: str, new: str | None) -> Scene:
    """Replace every reference to a material's name; None removes them. InputError where a mesh would be left without a material."""
    if old == new:
        return scene
    meshes = tuple(
        replace(mesh, place=replace(mesh.place, material=new)) if mesh.place.material == old else mesh
        for mesh in scene.meshes
    )
    if bare := next((mesh for mesh in meshes if mesh.place.material is None), None):
        raise InputError(scene.name, old, f"is the material of the mesh {bare.place.file}, which can't be without one")
    materials = tuple(replace(m, **{link: new for link in LINKS if getattr(m, link) == old}) for m in scene.materials)
    scene = replace(scene, materials=materials, meshes=meshes)
    return replace(scene, **{k: new for k in LAYERS if getattr(scene, k) == old})  # type: ignore[arg-type]
