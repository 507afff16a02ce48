"""Painted meshes with their own texture coordinates: the paint of the atlas, copied texel by texel into each mesh's texture."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import scipy  # its parts are imported when they are first needed, which shortens the start
from PIL import Image

from base.files import atomic_write
from base.grid import CELL
from base.outputs import Output, is_marked_png, png_mark
from engine.export.gltf import INDICES, VERTICES, Gltf
from engine.export.source import Advance, Source
from engine.export.textures import FORMATS, encode
from scenes.camera import Camera
from scenes.cover import distances
from scenes.mesh import Mesh, rotation_matrix
from scenes.scene import Scene

About = Callable[[Source, int], dict[str, Any]]  # what is known of a material, by its index


def mesh_names(scene: Scene) -> list[str]:
    """A name of its own for each mesh: its file's, with the first free number where another mesh has it, in any case of letters."""
    names: dict[str, str] = {}  # by what file systems that ignore case make of them
    for mesh in scene.meshes:
        stem = PurePath(mesh.place.file).stem
        tries = (stem, *(f"{stem}-{k}" for k in range(2, len(scene.meshes) + 1)))
        name = next(name for name in tries if name.casefold() not in names)
        names[name.casefold()] = name
    return list(names.values())


def mesh_picture(source: Source, number: int) -> np.ndarray:
    """uint8 [H,W,4]: a mesh's texture, CELL pixels along each of its texels: paint where there is some, else the bare look.

    Texels that no triangle uses have the mean colour of the nearest one that is used, so that mip levels stay in tone.
    """
    charts, columns = source.charts, source.charts.meshes
    assert columns is not None
    side = int(columns.texels[number])
    chart, i, j = columns.owned_texels
    x, y = charts.corner[chart, 0] + i, charts.corner[chart, 1] + j
    here = (columns.mesh[chart] == number) & (x >= 0) & (y >= 0) & (x < side) & (y < side)
    chart, i, j, x, y = (column[here] for column in (chart, i, j, x, y))
    cells = _cell_colours(source, chart, i, j)
    out = np.zeros((side, side, CELL, CELL, 4), np.uint8)
    out[y, x] = cells
    used = np.zeros((side, side), bool)
    used[y, x] = True
    _settle_shared(out, source, number, chart, x, y, cells)
    if not used.all():
        nearest = scipy.ndimage.distance_transform_edt(~used, return_distances=False, return_indices=True)
        means = np.round(out.mean(axis=(2, 3))).astype(np.uint8)
        out[~used] = means[tuple(nearest)][~used][:, None, None]
    return np.ascontiguousarray(out.transpose(0, 2, 1, 3, 4).reshape(side * CELL, side * CELL, 4))


def mesh_pictures(source: Source, advance: Advance) -> Iterator[np.ndarray]:
    """The textures of all meshes in order, enlarged as the source wants."""
    count = len(source.scene.meshes)
    for number in range(count):
        picture = mesh_picture(source, number)
        yield picture if source.enlarge is None else source.enlarge(picture)
        advance("meshes", (number + 1) / count)


def add_meshes(gltf: Gltf, source: Source, textures: str, about: About, advance: Advance) -> None:
    """Add a node for each mesh: its file's triangles as they are, where the scene puts them. about: a material's `extras`."""
    names = mesh_names(source.scene)
    for number, (mesh, picture) in enumerate(zip(source.scene.meshes, mesh_pictures(source, advance), strict=True)):
        texture = gltf.add_texture(encode(picture, textures), FORMATS[textures].mime)
        material = gltf.add_unlit(f"mesh {names[number]}", {"baseColorTexture": {"index": texture}})
        geometry = mesh.geometry
        attributes = {
            "POSITION": gltf.add_array(geometry.vertices.astype(np.float32), VERTICES, bounds=True),
            "TEXCOORD_0": gltf.add_array(geometry.uv.astype(np.float32), VERTICES),
        }
        indices = gltf.add_array(geometry.triangles.astype(np.uint32).reshape(-1), INDICES)
        primitive = {"attributes": attributes, "indices": indices, "material": material}
        index = gltf.add("meshes", name=names[number], primitives=[primitive])
        extras = about(source, source.scene.material_index(mesh.place.material))
        extras = {"mesh": mesh.place.file, "material": mesh.place.material} | extras
        gltf.add_node(name=names[number], mesh=index, **_place(mesh), extras=extras)


def mesh_outputs(flag: str, folder: Path, scene: Scene) -> list[Output]:
    """The files that `write_mesh_textures` writes."""
    return [Output(flag, folder / f"{name}.png", is_marked_png) for name in mesh_names(scene)]


def write_mesh_textures(source: Source, folder: Path, advance: Advance) -> None:
    """Write each mesh's texture as a PNG. Raises InputError when the folder can't be written."""
    for name, picture in zip(mesh_names(source.scene), mesh_pictures(source, advance), strict=True):
        with atomic_write(folder / f"{name}.png") as temporary:
            Image.fromarray(picture[..., :3]).save(temporary, format="PNG", pnginfo=png_mark())


def _cell_colours(source: Source, chart: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """uint8 [n,CELL,CELL,4]: the colours of texels (i, j) of charts."""
    charts, cells = source.charts, np.full((len(chart), CELL, CELL, 4), 255, np.uint8)
    points = charts.points(chart, i + 0.5, j + 0.5)
    for material in np.unique(charts.material[chart]):
        own = charts.material[chart] == material
        bare = source.bare.surface_colour(points[own], charts.normal[chart[own]], int(material))
        cells[own, :, :, :3] = np.round(np.clip(bare, 0, 1) * 255).astype(np.uint8)[:, None, None]
    row, column = charts.y[chart] + j, charts.x[chart] + i
    for page, rows in source.paint.rows.items():
        own = np.flatnonzero((charts.page[chart] == page) & (rows[row, column] >= 0))
        cells[own, :, :, :3] = source.paint.colours[rows[row[own], column[own]]]
    return cells


def _settle_shared(
    out: np.ndarray, source: Source, number: int, chart: np.ndarray, x: np.ndarray, y: np.ndarray, cells: np.ndarray
) -> None:
    """In texels that several islands have, give each pixel to the nearest of their triangles. out: [side,side,CELL,CELL,4]."""
    columns, side = source.charts.meshes, len(out)
    assert columns is not None
    mesh = source.scene.meshes[number]
    place = (y * side + x).astype(np.int64)
    count = np.bincount(place, minlength=side * side)
    shared = np.flatnonzero(count[place] > 1)
    if not shared.size:
        return
    uv = mesh.geometry.uv[mesh.geometry.triangles] * side
    inner = (np.arange(CELL) + 0.5) / CELL
    least = np.full((side * side, CELL, CELL), np.inf, np.float32)
    for layer in _layers(place[shared]):
        own = shared[layer]
        pixels = np.stack(
            np.broadcast_arrays(x[own, None, None] + inner[None, None], y[own, None, None] + inner[None, :, None]), -1
        )
        triangles = np.repeat(uv[columns.triangle[chart[own]]], CELL * CELL, axis=0)
        away = distances(triangles, pixels.reshape(-1, 2)).reshape(-1, CELL, CELL)
        nearer = away < least[place[own]]
        least[place[own]] = np.where(nearer, away, least[place[own]])
        out[y[own], x[own]] = np.where(nearer[..., None], cells[own], out[y[own], x[own]])


def _layers(place: np.ndarray) -> Iterator[np.ndarray]:
    """Indices of places [n], at least one, in groups that have no place twice."""
    order = np.argsort(place, kind="stable")
    begins = np.flatnonzero(np.append(True, np.diff(place[order]) != 0))
    rank = np.arange(len(place)) - np.repeat(begins, np.diff(np.append(begins, len(place))))
    for layer in range(int(rank.max()) + 1):
        yield order[rank == layer]


def _place(mesh: Mesh) -> dict[str, Any]:
    """A node's translation, rotation and scale."""
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation_matrix(mesh.place.rotation), mesh.place.position
    stands = Camera.from_pose(pose)
    return {"translation": list(stands.position), "rotation": list(stands.rotation), "scale": [mesh.place.scale] * 3}
