"""Loading and saving scenes: a built-in name, a folder (map.png + materials.yaml + paths/*.json), or a map and materials."""

from __future__ import annotations

import dataclasses
from importlib import resources
from pathlib import Path

import numpy as np
import yaml
from PIL import Image, UnidentifiedImageError

from base.errors import InputError, nearest
from base.files import atomic_write
from scenes.extrude import extrude
from scenes.materials import MaterialFile, check_voxels_per_block, named, read_materials, to_data
from scenes.nerfstudio import read_path, write_path
from scenes.scene import EMPTY, NEVER, SIDES, VOXELS_PER_BLOCK, CameraPath, Material, Scene
from scenes.tours import generated_paths

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
    """Load a built-in scene by name, a folder, or a map with materials; either of the two files may replace the scene's own.

    Options win over the file's keys; a material called `floor` or `ceiling` is that by default. Raises InputError.
    """
    own = map is None or materials is None
    folder = _folder(ref) if own else None
    map_file = Path(map) if map is not None else folder / "map.png"  # type: ignore[operator]
    materials_file = Path(materials) if materials is not None else folder / "materials.yaml"  # type: ignore[operator]
    file = read_materials(materials_file)
    pixels = read_pixels(map_file)
    numbers, notes = match_colours(pixels, file.materials, materials_file.name)
    scene = Scene(
        name=folder.name if folder is not None and map is None else map_file.stem,
        map=numbers,
        materials=file.materials,
        background=file.background,
        voxels_per_block=(
            file.voxels_per_block or VOXELS_PER_BLOCK
            if voxels_per_block is None
            else check_voxels_per_block("--voxels-per-block", "", voxels_per_block)
        ),
        floor=_layer(file, "floor", floor),
        ceiling=_layer(file, "ceiling", ceiling),
        notes=notes,
    )
    stored = {p.name: p for p in _read_paths(folder)} if folder is not None and map is None else {}
    generated = _generated(scene, stored)
    return dataclasses.replace(scene, paths={**stored, **generated}, generated=frozenset(generated))


def save_scene(scene: Scene, folder: str | Path) -> None:
    """Write map.png, materials.yaml and paths/*.json; load_scene(folder) gives the same scene. Empty ground is transparent.

    Each file is replaced whole or not at all, and other paths that lie there stay. Raises InputError.
    """
    folder = Path(folder)
    for i in np.unique(scene.map[scene.map != EMPTY]) - 1:
        if scene.materials[i].source == NEVER:
            problem = "stands on the map but has no colour; give it a source of three numbers from 0 to 255"
            raise InputError(folder / "map.png", scene.materials[i].name, problem)
    sources = np.array([(0, 0, 0, 0)] + [(*m.source, 255) for m in scene.materials])
    pixels = np.maximum(sources, 0).astype(np.uint8)[scene.map]
    picture = Image.fromarray(pixels if (scene.map == EMPTY).any() else np.ascontiguousarray(pixels[..., :3]))
    file = MaterialFile(scene.background, scene.materials, scene.voxels_per_block, scene.floor, scene.ceiling)
    with atomic_write(folder / "map.png") as temporary:
        picture.save(temporary, format="PNG", optimize=True)
    with atomic_write(folder / "materials.yaml") as temporary:
        text = yaml.safe_dump(to_data(file), sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
        temporary.write_text(text, encoding="utf-8")
    own = {name: path for name, path in scene.paths.items() if name not in scene.generated}
    known = generated_paths(extrude(scene)) if own.keys() & {"orbit", "walk"} else {}
    for name, path in own.items():
        if path != known.get(name):
            write_path(path, folder / "paths" / f"{name}.json")


def builtin_folder(name: str) -> Path:
    """The folder of a built-in scene inside the package."""
    return Path(str(resources.files("scenes"))) / "builtin" / name


def read_pixels(file: str | Path) -> np.ndarray:
    """uint8 [Z,X,4] RGBA of a PNG of 2 to 1024 pixels a side; grey, palette and 16-bit pictures are converted."""
    file = Path(file)
    try:
        with Image.open(file, formats=["PNG"]) as picture:
            if any(side not in SIDES for side in picture.size):
                width, height = picture.size
                problem = f"is {width}×{height} pixels; a map has from {SIDES[0]} to {SIDES[-1]} pixels a side"
                raise InputError(file, "", problem)
            picture.load()
            if picture.mode.startswith("I") or picture.mode == "F":
                picture = Image.fromarray((np.asarray(picture).astype(np.int64) >> 8).astype(np.uint8))
            return np.array(picture.convert("RGBA"))
    except IsADirectoryError:
        raise InputError(file, "", "is a folder; a map is a PNG with one pixel per block") from None
    except FileNotFoundError:
        raise InputError(file, "", "does not exist; a scene needs a map, a PNG with one pixel per block") from None
    except UnidentifiedImageError:
        raise InputError(file, "", "is not a PNG picture; a map is a PNG with one pixel per block") from None
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise InputError(file, "", f"is a broken PNG picture ({error})") from None


def match_colours(
    pixels: np.ndarray, materials: tuple[Material, ...], where: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    """(map uint8 [Z,X], notes) of RGBA pixels: EMPTY where transparent or, with a note, where the colour is unlisted."""
    codes = pixels[..., :3].astype(np.int64) @ (65536, 256, 1)
    known = {
        m.source[0] * 65536 + m.source[1] * 256 + m.source[2]: i + 1
        for i, m in enumerate(materials)
        if m.source != NEVER
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


def _folder(ref: str | Path) -> Path:
    if str(ref) in BUILTIN:
        return builtin_folder(str(ref))
    folder = Path(ref)
    if not folder.is_dir():
        problem = f"is neither a built-in scene ({', '.join(BUILTIN)}) nor a folder with map.png and materials.yaml"
        raise InputError(ref, "", problem + nearest(str(ref), BUILTIN))
    return folder.resolve()


def _layer(file: MaterialFile, layer: str, option: str | None) -> str | None:
    if option is not None:
        return named(file.materials, option, f"--{layer}", "")
    stored = getattr(file, layer)
    return stored or (layer if any(m.name == layer for m in file.materials) else None)


def _read_paths(folder: Path) -> list[CameraPath]:
    return [read_path(file) for file in sorted((folder / "paths").glob("*.json"))]


def _generated(scene: Scene, stored: dict[str, CameraPath]) -> dict[str, CameraPath]:
    if {"orbit", "walk"} <= stored.keys():
        return {}
    return {k: p for k, p in generated_paths(extrude(scene)).items() if k not in stored}
