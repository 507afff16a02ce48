"""Mesh files made by hand: a drum (a closed prism of one material) as .glb and .obj."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from scenes.mesh import Mesh, MeshGeometry, MeshPlace
from scenes.scene import Background, Material, Scene

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray]


def drum(around: int = 8) -> Arrays:
    """(vertices [V,3], uv [V,2] from the top left, triangles [T,3]) of a prism 1 wide and 1 high on the ground: its side takes the
    left half of the texture, its top and bottom are islands on the right."""
    turn = np.linspace(0, 2 * np.pi, around + 1)
    ring = np.stack([np.sin(turn) / 2, np.cos(turn) / 2], axis=1)
    vertices, uv, triangles = [], [], []
    for height in (1.0, 0.0):
        vertices += [(x, height, z) for x, z in ring]
        uv += [(0.02 + 0.5 * k / around, 0.95 - 0.8 * height) for k in range(around + 1)]
    k = np.arange(around)
    below = around + 1
    triangles += [np.stack([k, k + below, k + 1], 1), np.stack([k + 1, k + below, k + 1 + below], 1)]
    for height, place in ((1.0, (0.78, 0.25)), (0.0, (0.78, 0.75))):
        first = len(vertices)
        vertices += [(0.0, height, 0.0), *((x, height, z) for x, z in ring)]
        sign = 1 if height else -1
        uv += [place, *((place[0] + 0.4 * x, place[1] + 0.4 * sign * z) for x, z in ring)]
        fan = np.stack([k * 0, k + 1, k + 2], 1) + first
        triangles.append(fan if height else fan[:, ::-1])
    return np.array(vertices), np.array(uv), np.concatenate(triangles)


def drum_mesh(material: str, around: int = 8, **place: Any) -> Mesh:
    vertices, uv, triangles = drum(around)
    geometry = MeshGeometry(vertices, uv, triangles.astype(np.int32))
    return Mesh(MeshPlace("drum.glb", material, **place), geometry, glb_of(vertices, uv, triangles))


def drum_on_lawn() -> Scene:
    """8 × 8 blocks of grass with a drum, 2 blocks wide and high, in the middle."""
    grass = Material("grass", (90, 140, 70), "green grass", 0.5, (90, 140, 70))
    marble = Material("marble", (-1, -1, -1), "white marble", 0.0, (200, 195, 185))
    mesh = drum_mesh("marble", position=(4.0, 0.5, 4.0), rotation=(0.0, 45.0, 0.0), scale=2.0)
    plan = np.ones((8, 8), np.uint8)
    return Scene("lawn", plan, (grass, marble), Background("blue sky"), voxels_per_block=4, meshes=(mesh,))


def obj_of(vertices: np.ndarray, uv: np.ndarray, triangles: np.ndarray) -> str:
    lines = [f"v {x} {y} {z}" for x, y, z in vertices.tolist()]
    lines += [f"vt {u} {1 - v}" for u, v in uv.tolist()]
    lines += ["f " + " ".join(f"{k + 1}/{k + 1}" for k in triangle) for triangle in triangles.tolist()]
    return "# a drum\nmtllib none.mtl\n" + "\n".join(lines) + "\n"


def glb_parts(vertices: np.ndarray, uv: np.ndarray, triangles: np.ndarray) -> tuple[dict[str, Any], bytes]:
    """(the JSON, the numbers) of a file with one node."""
    arrays = (vertices.astype("<f4"), uv.astype("<f4"), triangles.astype("<u2").reshape(-1))
    views, data = [], b""
    for array in arrays:
        views.append({"buffer": 0, "byteOffset": len(data), "byteLength": array.nbytes})
        data += array.tobytes() + b"\0" * (-array.nbytes % 4)
    shapes = zip(arrays, (5126, 5126, 5123), ("VEC3", "VEC2", "SCALAR"), strict=True)
    accessors = [
        {"bufferView": k, "componentType": component, "count": len(array), "type": kind}
        for k, (array, component, kind) in enumerate(shapes)
    ]
    primitive = {"attributes": {"POSITION": 0, "TEXCOORD_0": 1}, "indices": 2}
    top = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(data)}],
    }
    return top, data


def pack_glb(top: Any, data: bytes) -> bytes:
    text = json.dumps(top).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<2I", len(text), 0x4E4F534A) + text + struct.pack("<2I", len(data), 0x004E4942) + data
    return struct.pack("<3I", 0x46546C67, 2, 12 + len(chunks)) + chunks


def glb_of(vertices: np.ndarray, uv: np.ndarray, triangles: np.ndarray) -> bytes:
    return pack_glb(*glb_parts(vertices, uv, triangles))
