"""A painted world as one GLB file: surfaces, sky, meshes, camera paths, collider and spawn point."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from engine.export.collider import box_mesh
from engine.export.gltf import INDICES, VERTICES, Gltf
from engine.export.meshes import add_meshes
from engine.export.source import Advance, Source
from engine.export.textures import FORMATS, encode
from scenes.camera import Camera
from scenes.paths import sample_path
from scenes.scene import SKY, CameraPath

GENERATOR = "Rayverie"
SKY_DISTANCE = (
    40.0  # half a side of the sky's box, in half-diagonals of the scene: it moves by a degree or two as one walks
)
POSES = 10.0  # a second, of a camera path
COLLIDER = "collider-colonly"  # the suffix by which Godot makes a collision shape of a mesh
QUAD = np.array([0, 2, 1, 1, 2, 3], dtype=np.uint32)  # corners of a chart, counter-clockwise seen from outside


def write_glb(source: Source, path: Path, textures: str, advance: Advance) -> None:
    """textures: a key of FORMATS. Raises InputError when the file can't be written."""
    paint, size = source.paint, list(source.blocks.size)
    gltf = Gltf(GENERATOR, {"world": dict(paint.about), "settings": dict(paint.settings), "blocks": size})
    primitives: dict[int, list[dict[str, Any]]] = {}
    for number, (page, picture) in enumerate(source.pictures(advance)):
        texture = gltf.add_texture(encode(picture, textures), FORMATS[textures].mime)
        opaque = bool((picture[..., 3] == 255).all())
        material = gltf.add_unlit(
            f"{source.name(page.material)} {number}",
            {"baseColorTexture": {"index": texture}},
            "OPAQUE" if opaque else "BLEND",
        )
        positions, corners, triangles = surfaces(source, page.charts, sky_distance(source))
        attributes = {
            "POSITION": gltf.add_array(positions, VERTICES, bounds=True),
            "TEXCOORD_0": gltf.add_array(corners, VERTICES),
        }
        primitive = {
            "attributes": attributes,
            "indices": gltf.add_array(triangles, INDICES),
            "material": material,
        }
        primitives.setdefault(page.material, []).append(primitive)
    for material, found in primitives.items():
        name = source.name(material)
        mesh = gltf.add("meshes", name=name, primitives=found)
        gltf.add_node(name=name, mesh=mesh, extras=about_material(source, material))
    add_meshes(gltf, source, textures, about_material, advance)
    _add_collider(gltf, source)
    for camera_path in source.scene.paths.values():
        _add_path(gltf, camera_path, sky_distance(source))
    gltf.add_node(name="spawn", **_pose(source.spawn), extras={"spawn": True})
    gltf.write(path)


def surfaces(source: Source, charts: np.ndarray, sky_at: float | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(positions float32 [4n,3], texture coordinates float32 [4n,2], corners of triangles uint32 [6n]) of charts [n].

    sky_at: the sky's charts become a box so many blocks away from the middle of the scene; None leaves them directions.
    """
    points, corners = (columns[charts] for columns in source.layout.quads(source.charts))
    if sky_at is not None:
        sky = source.charts.sky[charts]
        points[sky] = source.centre + points[sky] * sky_at
    triangles = (QUAD + 4 * np.arange(len(charts), dtype=np.uint32)[:, None]).reshape(-1)
    return points.reshape(-1, 3).astype(np.float32), corners.reshape(-1, 2).astype(np.float32), triangles


def sky_distance(source: Source) -> float:
    """Blocks from the middle of the scene to the sides of the sky's box."""
    x, y, z = source.blocks.size
    return SKY_DISTANCE * float(np.linalg.norm([x / 2, y, z / 2]))


def about_material(source: Source, material: int) -> dict[str, Any]:
    """What a node's `extras` hold of its material: prompts and, but for the sky, the settings of the scene's file that shape it."""
    prompt, negative = source.scene.prompt(material)
    extras: dict[str, Any] = {"prompt": prompt, "negative_prompt": negative}
    if material == SKY:
        return extras | {"sky": True}
    built = source.scene.materials[material]
    return extras | {
        "height": built.height,
        "start_height": built.start_height,
        "opacity": built.opacity,
        "display": list(built.display),
        "material_over": built.material_over,
        "material_under": built.material_under,
    }


def _add_collider(gltf: Gltf, source: Source) -> None:
    """A mesh that is there but not drawn: its alpha is below the cutoff."""
    boxes = np.concatenate([source.boxes, source.obstacles])
    if not len(boxes):
        return
    vertices, triangles = box_mesh(boxes)
    hidden = gltf.add_unlit("collider", {"baseColorFactor": [1.0, 1.0, 1.0, 0.0]}, "MASK")
    primitive = {
        "attributes": {"POSITION": gltf.add_array(vertices, VERTICES, bounds=True)},
        "indices": gltf.add_array(triangles.reshape(-1), INDICES),
        "material": hidden,
    }
    mesh = gltf.add("meshes", name="collider", primitives=[primitive])
    gltf.add_node(name=COLLIDER, mesh=mesh, extras={"collider": True})


def _add_path(gltf: Gltf, path: CameraPath, sky: float) -> None:
    """A camera at the path's start, and an animation that takes it along."""
    first = path.keyframes[0].camera
    lens = {"yfov": float(np.radians(first.fov)), "znear": first.near, "zfar": max(first.far, 3 * sky)}
    camera = gltf.add("cameras", name=path.name, type="perspective", perspective=lens)
    extras = {"path": path.name, "seconds": path.seconds, "loop": path.loop}
    node = gltf.add_node(name=path.name, camera=camera, **_pose(first), extras=extras)
    times = np.linspace(0, path.seconds, max(2, round(path.seconds * POSES) + 1), dtype=np.float32)
    poses = [sample_path(path, min(float(t), path.seconds)) for t in times]
    if path.loop:  # its end is its start again
        poses[-1] = poses[0]
    turns = np.array([p.rotation for p in poses])
    flips = np.where((turns[1:] * turns[:-1]).sum(axis=1) < 0, -1.0, 1.0)
    turns[1:] *= np.cumprod(flips)[:, None]  # q and −q are one rotation: the nearer one of each is what to go to
    places = np.array([p.position for p in poses], dtype=np.float32)
    times_at = gltf.add_array(times, bounds=True)
    outputs = {"translation": places, "rotation": turns.astype(np.float32)}
    samplers = [
        {"input": times_at, "output": gltf.add_array(values), "interpolation": "LINEAR"} for values in outputs.values()
    ]
    channels = [{"sampler": k, "target": {"node": node, "path": name}} for k, name in enumerate(outputs)]
    gltf.add("animations", name=path.name, samplers=samplers, channels=channels)


def _pose(camera: Camera) -> dict[str, Any]:
    """A node's place: a camera of glTF looks along its own −z, too."""
    return {"translation": list(camera.position), "rotation": list(camera.rotation)}
