"""A painted world as a folder with a web page to walk in: index.html, walk.js, world.js and one file for each texture.

Everything is a script, so that the page also works when it is opened from a disk, where browsers let no page read other files.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

import numpy as np

from base.files import atomic_write
from base.grid import CELL
from base.outputs import Output, make_mark_test
from engine.export.glb import surfaces
from engine.export.layout import GUTTER
from engine.export.meshes import mesh_pictures
from engine.export.source import Advance, Source
from engine.export.textures import FORMATS, encode
from scenes.scene import SKY

SHIPPED = ("index.html", "walk.js")  # beside this file, in web/
TITLE = "{{title}}"  # in index.html
TEXTURE = "rayverie.texture("  # how the script of a texture begins
# what distinguishes a file of an export from another one of its name
MARKS = {
    "index.html": '<meta name="generator" content="Rayverie">',
    "walk.js": "rayverie.open",
    "world.js": "rayverie.open(",
}


def page_outputs(flag: str, folder: Path) -> list[Output]:
    """The files of an exported page, with the textures of an earlier one."""
    textures = {folder / "textures" / "0.js", *_number(folder / "textures")}
    return [Output(flag, folder / name, make_mark_test(mark)) for name, mark in MARKS.items()] + [
        Output(flag, path, make_mark_test(TEXTURE)) for path in sorted(textures)
    ]


def write_page(source: Source, folder: Path, rules: Mapping[str, float], advance: Advance) -> None:
    """rules: the numbers by which one walks, for web/walk.js. Raises InputError when the folder can't be written."""
    title = f"{source.scene.name} – Rayverie"
    for name in SHIPPED:
        text = files("engine.export").joinpath("web", name).read_text(encoding="utf-8")
        _write(folder / name, text.replace(TITLE, html.escape(title)))
    _remove_textures(folder / "textures")
    pages = []
    geometry: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    vertices = first = 0
    for number, (sky, picture, shapes, coarsest) in enumerate(_parts(source, advance)):
        url = f"data:{FORMATS['webp'].mime};base64,{_base64(encode(picture, 'webp'))}"
        _write(folder / "textures" / f"{number}.js", f'{TEXTURE}{number}, "{url}");\n')
        points, corners, triangles = shapes
        about = {
            "sky": sky,
            "opaque": bool((picture[..., 3] == 255).all()),
            "colour": np.round(picture[..., :3].mean(axis=(0, 1))).astype(int).tolist(),
            "coarsest": coarsest,
            "first": first,
            "count": len(triangles),
            "low": points.min(axis=0).tolist(),
            "high": points.max(axis=0).tolist(),
        }
        pages.append(about)
        geometry.append((points, corners, triangles + np.uint32(vertices)))
        vertices, first = vertices + len(points), first + len(triangles)
    points, corners, triangles = (np.concatenate(columns) for columns in zip(*geometry, strict=True))
    spawn = source.spawn
    world = {
        "spawn": {"position": spawn.position, "yaw": spawn.yaw, "pitch": spawn.pitch},
        "fov": spawn.fov,
        "voxels": source.blocks.voxels_per_block,
        "size": source.blocks.size,
        "rules": dict(rules),
        "pages": pages,
        **{name: _base64(array) for name, array in zip(("points", "corners"), (points, corners), strict=True)},
        "triangles": _base64(triangles),
        "boxes": _base64(source.boxes),
        "obstacles": _base64(source.obstacles),
    }
    _write(folder / "world.js", f"rayverie.open({json.dumps(world, separators=(',', ':'))});\n")


Shapes = tuple[np.ndarray, np.ndarray, np.ndarray]


def _parts(source: Source, advance: Advance) -> Iterator[tuple[bool, np.ndarray, Shapes, int]]:
    """For each texture: whether it is the sky's, the picture, what is drawn with it (see `surfaces`), and the mip level beyond which
    charts would mix."""
    for page, picture in source.pictures(advance):
        coarsest = int(np.log2(GUTTER * picture.shape[1] // page.width))
        yield page.material == SKY, picture, surfaces(source, page.charts, sky_at=None), coarsest
    for mesh, picture in zip(source.scene.meshes, mesh_pictures(source, advance), strict=True):
        points, corners = (a.astype(np.float32) for a in (mesh.vertices, mesh.geometry.uv))
        coarsest = int(np.log2(CELL))  # texels reach a texel beyond their island
        yield False, picture, (points, corners, mesh.geometry.triangles.astype(np.uint32).reshape(-1)), coarsest


def _base64(data: bytes | np.ndarray) -> str:
    return base64.b64encode(data.tobytes() if isinstance(data, np.ndarray) else data).decode()


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _remove_textures(folder: Path) -> None:
    """Those of an export before this one, which may have had more."""
    for path in _number(folder):
        if make_mark_test(TEXTURE)(path):
            path.unlink()


def _number(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.js") if path.stem.isdecimal()]
