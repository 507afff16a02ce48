"""Loading and saving scenes: a built-in name, a folder (map.png + materials.yaml + layers.png + paths/*.json), or a map and materials."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image

from base.errors import InputError, nearest
from base.files import atomic_write, expand_user
from base.pictures import open_picture
from base.reading import is_folder
from base.strict_yaml import dump_yaml
from scenes.extrude import extrude_scene
from scenes.materials import MaterialFile, check_material_name, check_voxels_per_block, read_materials, to_yaml_data
from scenes.mesh import Mesh
from scenes.nerfstudio import looks_like_path, read_path, write_path
from scenes.obstacles import with_meshes
from scenes.read_mesh import read_mesh
from scenes.scene import EMPTY, MAP_SIDES, MOST_LAYERS, NO_COLOUR, VOXELS_PER_BLOCK, CameraPath, Material, Scene
from scenes.style_tags import with_absolute_styles, with_relative_styles
from scenes.tours import generate_paths

LAYERS = "layers.png"
MOST_LAYER_PIXELS = 1 << 25  # 128 layers of a map of 512 by 512
BUILTIN: tuple[str, ...] = ("hamlet", "ruins", "city")  # the first is the default scene


def load_scene(
    ref: str | Path = BUILTIN[0],
    *,
    map: Path | None = None,
    materials: Path | None = None,
    voxels_per_block: int | None = None,
    floor: str | None = None,
    ceiling: str | None = None,
) -> Scene:
    """Load a built-in scene by name, a folder, or a map with materials; either file may replace the scene's own.

    Options win over the file's keys; a material called `floor` or `ceiling` is that by default. Raises InputError.
    """
    own = map is None or materials is None
    folder = _find_folder(ref) if own else None
    map_file = Path(map) if map is not None else folder / "map.png"  # type: ignore[operator]
    materials_file = Path(materials) if materials is not None else folder / "materials.yaml"  # type: ignore[operator]
    file = with_prompts(read_materials(materials_file), lambda text: with_absolute_styles(text, materials_file.parent))
    pixels = read_pixels(map_file)
    numbers, notes = match_colours(pixels, file.materials, materials_file.name)
    whole = folder if map is None else None
    stored, left_out = _read_paths(whole) if whole else ({}, ())
    layers, unlisted = read_layers(whole / LAYERS, numbers, file.materials) if whole else (None, ())
    read = {name: read_mesh(materials_file.parent / name) for name in dict.fromkeys(m.file for m in file.meshes)}
    scene = Scene(
        name=whole.name if whole else map_file.stem,
        map=numbers,
        materials=file.materials,
        background=file.background,
        voxels_per_block=(
            file.voxels_per_block or VOXELS_PER_BLOCK
            if voxels_per_block is None
            else check_voxels_per_block("--voxels-per-block", "", voxels_per_block)
        ),
        floor=_choose_layer(file, "floor", floor),
        ceiling=_choose_layer(file, "ceiling", ceiling),
        style=file.style,
        notes=(*notes, *unlisted, *left_out),
        layers=layers,
        meshes=tuple(Mesh(place, *read[place.file]) for place in file.meshes),
    )
    return _with_paths(scene, stored)


def make_scene(pixels: np.ndarray, file: MaterialFile, name: str = "map") -> Scene:
    """The scene of a map and materials that are no files. pixels: uint8 [Z,X,4], RGBA, one pixel per block. Raises InputError."""
    if file.meshes:
        raise InputError(name, "meshes", "are files, and there is no folder for them here")
    if any(side not in MAP_SIDES for side in pixels.shape[:2]):
        least, most = MAP_SIDES[0], MAP_SIDES[-1]
        raise InputError(name, "", f"is {pixels.shape[1]}×{pixels.shape[0]} pixels; a map has {least} to {most} a side")
    numbers, notes = match_colours(pixels, file.materials, "the materials")
    scene = Scene(
        name=name,
        map=numbers,
        materials=file.materials,
        background=file.background,
        voxels_per_block=file.voxels_per_block or VOXELS_PER_BLOCK,
        floor=_choose_layer(file, "floor", None),
        ceiling=_choose_layer(file, "ceiling", None),
        style=file.style,
        notes=notes,
    )
    return _with_paths(scene, {})


def save_scene(scene: Scene, folder: str | Path) -> None:
    """Write map.png, materials.yaml, paths/*.json and, if there are any, layers.png and mesh files; load_scene(folder) gives the same
    scene. Empty ground is transparent.

    Each file is replaced completely or not at all; other paths in the folder stay. Raises InputError.
    """
    folder = Path(folder)
    for i in np.flatnonzero(scene.values[1:]):
        if scene.materials[i].source == NO_COLOUR:
            problem = "stands on the map but has no colour; give it a source of three numbers from 0 to 255"
            raise InputError(folder / "map.png", scene.materials[i].name, problem)
    sources = np.array([(0, 0, 0, 0)] + [(*m.source, 255) for m in scene.materials])
    pixels = np.maximum(sources, 0).astype(np.uint8)[scene.map]
    picture = Image.fromarray(pixels if (scene.map == EMPTY).any() else np.ascontiguousarray(pixels[..., :3]))
    if scene.layers is not None:
        layers = Image.fromarray(np.maximum(sources, 0).astype(np.uint8)[scene.layers.reshape(-1, scene.map.shape[1])])
        with atomic_write(folder / LAYERS) as temporary:
            layers.save(temporary, format="PNG", optimize=True)
    else:
        (folder / LAYERS).unlink(missing_ok=True)
    for name, data in {mesh.place.file: mesh.data for mesh in scene.meshes}.items():
        with atomic_write(folder / name) as temporary:
            temporary.write_bytes(data)
    file = MaterialFile.of(scene)
    file = with_prompts(file, lambda text: with_relative_styles(text, folder))
    with atomic_write(folder / "map.png") as temporary:
        picture.save(temporary, format="PNG", optimize=True)
    with atomic_write(folder / "materials.yaml") as temporary:
        temporary.write_text(dump_yaml(to_yaml_data(file)), encoding="utf-8")
    own = {name: path for name, path in scene.paths.items() if name not in scene.generated}
    known = generate_paths(with_meshes(extrude_scene(scene), scene)) if own.keys() & {"orbit", "walk"} else {}
    for name, path in own.items():
        if path != known.get(name):
            write_path(path, folder / "paths" / f"{name}.json")


def save_new_scene(scene: Scene, folder: str | Path) -> None:
    """Write a scene to a folder that must not exist yet, or be empty. Raises InputError."""
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise InputError(folder, "", f"can't be made ({error.strerror or error})") from error
    if taken:
        raise InputError(folder, "", "exists and isn't empty; choose another name")
    save_scene(scene, folder)


def with_prompts(file: MaterialFile, change: Callable[[str], str]) -> MaterialFile:
    """The file with `change` applied to every prompt."""
    materials = tuple(dataclasses.replace(m, prompt=change(m.prompt)) for m in file.materials)
    background = dataclasses.replace(file.background, prompt=change(file.background.prompt))
    return dataclasses.replace(file, background=background, materials=materials)


def builtin_folder(name: str) -> Path:
    """Return the folder of a built-in scene inside the package."""
    return Path(str(resources.files("scenes"))) / "builtin" / name


def read_pixels(file: str | Path) -> np.ndarray:
    """uint8 [Z,X,4] RGBA of a PNG of 2 to 1024 pixels a side; grey, palette and 16-bit pictures are converted."""
    picture = open_picture(file, "a map, a PNG with one pixel per block", formats=("PNG",), sides=MAP_SIDES)
    return np.array(picture.convert("RGBA"))


def read_layers(
    file: Path, map: np.ndarray, materials: tuple[Material, ...]
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """(layers uint8 [Y,Z,X], notes) of a scene's layers.png: pictures of the map's size below one another, the lowest first.

    None where there is no such file. Raises InputError.
    """
    if not os.path.lexists(file):
        return None, ()
    depth, width = map.shape
    what = f"a PNG {width} pixels wide with up to {MOST_LAYERS} layers of {depth} rows"
    sides = range(2, MOST_LAYERS * MAP_SIDES[-1] + 1)
    pixels = np.array(open_picture(file, what, formats=("PNG",), sides=sides).convert("RGBA"))
    layers, rest = divmod(len(pixels), depth)
    if pixels.shape[1] != width or rest or layers > MOST_LAYERS:
        raise InputError(file, "", f"is {pixels.shape[1]}×{len(pixels)} pixels; it must be {what}")
    if pixels[..., 0].size > MOST_LAYER_PIXELS:
        raise InputError(file, "", f"has {pixels[..., 0].size:,} pixels; allowed are {MOST_LAYER_PIXELS:,}")
    numbers, notes = match_colours(pixels, materials, "materials.yaml")
    return numbers.reshape(layers, depth, width), tuple(f"layers.png: {note}" for note in notes)


def match_colours(
    pixels: np.ndarray, materials: tuple[Material, ...], where: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """(map uint8 [Z,X], notes) of RGBA pixels: EMPTY where transparent or, with a note, where the colour is unlisted."""
    codes = pixels[..., :3].astype(np.int64) @ (65536, 256, 1)
    known = {
        m.source[0] * 65536 + m.source[1] * 256 + m.source[2]: i + 1
        for i, m in enumerate(materials)
        if m.source != NO_COLOUR
    }
    colours, inverse = np.unique(codes, return_inverse=True)
    numbers = np.array([known.get(int(c), EMPTY) for c in colours], np.uint8)[inverse.reshape(codes.shape)]
    opaque = pixels[..., 3] >= 128
    numbers[~opaque] = EMPTY
    unlisted, counts = np.unique(codes[opaque & (numbers == EMPTY)], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    if not len(order):
        return numbers, ()
    most = f"#{unlisted[order[0]]:06x}"
    which = f"colour {most}" if len(order) == 1 else f"{len(order)} colours ({most} the most)"
    verb = "is" if counts.sum() == 1 else "are"
    noun = "pixel" if counts.sum() == 1 else "pixels"
    return numbers, (f"{counts.sum()} {noun} of {which} {verb} not in {where}: empty ground",)


def _find_folder(ref: str | Path) -> Path:
    if str(ref) in BUILTIN:
        return builtin_folder(str(ref))
    folder = expand_user(ref)
    if not is_folder(folder):
        problem = f"is neither a built-in scene ({', '.join(BUILTIN)}) nor a folder with map.png and materials.yaml"
        raise InputError(ref, "", problem + nearest(str(ref), BUILTIN))
    return folder.resolve()


def _choose_layer(file: MaterialFile, layer: str, option: str | None) -> str | None:
    if option is not None:
        return check_material_name(file.materials, option, f"--{layer}", "")
    stored = getattr(file, layer)
    return stored or (layer if any(m.name == layer for m in file.materials) else None)


def _read_paths(folder: Path) -> tuple[dict[str, CameraPath], tuple[str, ...]]:
    """(paths by name, notes on what was left out) of a scene's folder. Raises InputError for a path with a mistake in it."""
    paths, notes = {}, []
    try:
        files = sorted((folder / "paths").iterdir())
    except FileNotFoundError:
        return {}, ()
    except OSError as error:
        return {}, (f"paths can't be read ({error.strerror}) and was left out",)
    for file in files:
        if file.suffix.lower() != ".json":
            continue
        if file.name.startswith("."):  # what macOS writes beside each file on foreign disks
            notes.append(f"paths/{file.name} is a hidden file and was left out")
        elif not looks_like_path(file):
            notes.append(f"paths/{file.name} is no camera path and was left out")
        elif file.stem in paths:
            raise InputError(file, "", f"is a second path called {file.stem}; each needs a name of its own")
        else:
            paths[file.stem] = read_path(file)
    return paths, tuple(notes)


def add_generated_paths(scene: Scene) -> Scene:
    """Return the scene with the paths that every scene has, instead of its own."""
    return _with_paths(scene, {})


def _with_paths(scene: Scene, stored: dict[str, CameraPath]) -> Scene:
    """The scene with its stored paths, and those that it lacks of the ones that every scene has."""
    if {"orbit", "walk"} <= stored.keys():
        return dataclasses.replace(scene, paths=stored, generated=frozenset())
    generated = {k: p for k, p in generate_paths(with_meshes(extrude_scene(scene), scene)).items() if k not in stored}
    return dataclasses.replace(scene, paths={**stored, **generated}, generated=frozenset(generated))
