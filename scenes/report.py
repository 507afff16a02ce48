"""Describes a scene before anything is painted: the part of `rayverie inspect` that needs no atlas."""

from __future__ import annotations

from typing import Any

import numpy as np

from scenes.extrude import Blocks
from scenes.mesh import Mesh
from scenes.scene import EMPTY, Scene


def describe_scene(scene: Scene, blocks: Blocks) -> dict[str, Any]:
    """Return JSON-ready facts: size in blocks, blocks (pixels of map and layers) and voxels per material, paths with seconds, problems."""
    pixels = scene.values
    voxels = blocks.count_voxels(len(scene.materials))
    x, y, z = blocks.size
    return {
        "scene": scene.name,
        "hash": scene.hash,
        "size_blocks": [x, y, z],
        "voxels_per_block": scene.voxels_per_block,
        "blocks": int(pixels[1:].sum()),
        "empty_blocks": int((scene.map == EMPTY).sum()),
        "voxels": int(voxels.sum()),
        "floor": scene.floor,
        "ceiling": scene.ceiling,
        "materials": [
            {"name": m.name, "prompt": scene.prompt(i)[0], "blocks": int(pixels[i + 1]), "voxels": int(voxels[i])}
            for i, m in enumerate(scene.materials)
        ],
        "meshes": [_describe_mesh(mesh) for mesh in scene.meshes],
        "paths": {name: round(path.seconds, 3) for name, path in scene.paths.items()},
        "problems": find_problems(scene, blocks),
    }


def find_problems(scene: Scene, blocks: Blocks) -> list[str]:
    """Return what loads but may be a mistake, one sentence each: the loader's notes, open ground, materials that show nowhere."""
    found = list(scene.notes)
    open_ground = int((blocks.solid[0] == 0).sum())
    if open_ground:
        found.append(
            f"{open_ground} of {scene.map.size} columns have no ground, so the background shows below; "
            "a material called floor (or the floor option) fills them"
        )
    used = scene.values[1:] > 0
    voxels = blocks.count_voxels(len(scene.materials))
    linked = {name for m in scene.materials for name in (m.material_over, m.material_under)}
    meshed = {mesh.place.material for mesh in scene.meshes}
    for i, material in enumerate(scene.materials):
        if voxels[i] or material.opacity == 0 or material.height == 0 or material.name in meshed:
            continue
        wanted = used[i] or material.name in linked or material.name in (scene.floor, scene.ceiling)
        reason = "is wanted, but every voxel it would fill is below its stack or taken" if wanted else "is never used"
        found.append(f"material {material.name!r} {reason}")
    for mesh in scene.meshes:
        found += [f"mesh {mesh.place.file!r} {problem}" for problem in _mesh_problems(mesh, blocks)]
    return found


def _describe_mesh(mesh: Mesh) -> dict[str, Any]:
    """JSON-ready: where it stands, and its size in blocks."""
    points = mesh.corners.reshape(-1, 3)
    return {
        "file": mesh.place.file,
        "material": mesh.place.material,
        "triangles": len(mesh.geometry.triangles),
        "low": np.round(points.min(axis=0), 3).tolist(),
        "high": np.round(points.max(axis=0), 3).tolist(),
    }


def _mesh_problems(mesh: Mesh, blocks: Blocks) -> list[str]:
    corners = mesh.corners
    low, high = (f(axis=(0, 1)) for f in (corners.min, corners.max))
    x, _, z = blocks.size
    found = []
    if high[0] < 0 or high[2] < 0 or low[0] > x or low[2] > z:
        found.append(f"stands beside the map, from {_point(low)} to {_point(high)}")
    if high[1] <= 0:
        found.append("lies below the ground")
    inner = corners - corners.mean(axis=(0, 1))
    if np.einsum("ij,ij->i", inner[:, 0], np.cross(inner[:, 1], inner[:, 2])).sum() < 0:
        found.append("is inside out: its triangles face inwards, and nobody sees them from outside")
    return found


def _point(point: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:.4g}" for value in point) + ")"
