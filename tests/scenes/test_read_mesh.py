"""Mesh files: both formats give the same triangles, nodes move them, and whatever is wrong is one sentence."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import trimesh

from base.errors import InputError
from scenes.mesh import rotation_matrix, triangle_normals
from scenes.read_mesh import read_mesh
from tests.scenes.mesh_files import drum, glb_of, glb_parts, obj_of, pack_glb


def written(folder: Path, data: bytes | str, name: str = "a.glb") -> Path:
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return folder / name


def problem(path: Path) -> str:
    with pytest.raises(InputError) as refused:
        read_mesh(path)
    said = str(refused.value)
    assert path.name in said and len(said.splitlines()) == 1
    return said


def test_both_formats_give_the_triangles_as_they_are(tmp_path: Path) -> None:
    arrays = drum()
    glb, data = read_mesh(written(tmp_path, glb_of(*arrays)))
    obj, _ = read_mesh(written(tmp_path, obj_of(*arrays), "a.obj"))
    assert data == (tmp_path / "a.glb").read_bytes()
    assert np.array_equal(glb.triangles, arrays[2])  # neither merged nor sorted
    for found in (glb, obj):
        assert np.allclose(found.vertices[found.triangles], arrays[0][arrays[2]], atol=1e-6)
        assert np.allclose(found.uv[found.triangles], arrays[1][arrays[2]], atol=1e-6)


def test_a_file_is_known_in_every_folder(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    paths = [written(folder, glb_of(*drum(9))) for folder in (tmp_path, tmp_path / "copy")]
    (one, _), (other, _) = (read_mesh(path) for path in paths)
    assert one is other


def test_it_reads_what_trimesh_writes(tmp_path: Path) -> None:
    vertices, uv, triangles = drum()
    visual = trimesh.visual.TextureVisuals(uv=np.stack([uv[:, 0], 1 - uv[:, 1]], 1))  # v from the bottom there
    mesh = trimesh.Trimesh(vertices, triangles, process=False, visual=visual)
    scene = trimesh.Scene(mesh)
    scene.apply_transform(trimesh.transformations.rotation_matrix(0.5, (0, 1, 0)))
    found, _ = read_mesh(written(tmp_path, scene.export(file_type="glb")))
    theirs = next(iter(scene.dump()))
    assert np.allclose(found.vertices[found.triangles], theirs.triangles, atol=1e-6)
    assert np.allclose(found.uv[found.triangles], uv[triangles], atol=1e-6)


def test_nodes_move_turn_and_mirror_what_they_hold(tmp_path: Path) -> None:
    vertices, uv, triangles = drum()
    top, data = glb_parts(vertices, uv, triangles)
    half = math.sqrt(0.5)
    top["nodes"] = [
        {"children": [1], "translation": [1, 2, 3], "rotation": [0, half, 0, half], "scale": [2, 2, 2]},
        {"mesh": 0, "matrix": [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]},
    ]
    found, _ = read_mesh(written(tmp_path, pack_glb(top, data)))
    mirrored = vertices * (-1, 1, 1)
    wanted = mirrored @ (2 * rotation_matrix((0.0, 90.0, 0.0))).T + (1, 2, 3)
    assert np.allclose(found.vertices, wanted, atol=1e-5)
    corners = found.vertices[found.triangles]
    outward = corners.mean(axis=1) - corners.mean(axis=(0, 1))
    assert ((triangle_normals(corners) * outward).sum(-1) > 0).all()  # still seen from outside


def test_strips_and_polygons_are_triangles(tmp_path: Path) -> None:
    square = np.array([(0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)], float)
    top, data = glb_parts(square, square[:, :2], np.array([[0, 1, 2], [2, 1, 3]]))
    top["accessors"][2]["count"] = 4
    top["meshes"][0]["primitives"][0]["mode"] = 5
    strip = data[: top["bufferViews"][2]["byteOffset"]] + np.arange(4, dtype="<u2").tobytes()
    top["bufferViews"][2]["byteLength"], top["buffers"][0]["byteLength"] = 8, len(strip)
    found, _ = read_mesh(written(tmp_path, pack_glb(top, strip)))
    normals = triangle_normals(found.vertices[found.triangles])
    assert len(normals) == 2 and (normals[:, 2] > 0).all()
    text = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\nf -4/1 -3/2 \\\n -2/3 -1/4\n"
    assert read_mesh(written(tmp_path, text, "a.obj"))[0].triangles.tolist() == [[0, 1, 2], [0, 2, 3]]


def _change(top, path: str, value: object):
    *keys, last = [int(k) if k.isdigit() else k for k in path.split(".")]
    for key in keys:
        top = top[key]
    top[last] = value


@pytest.mark.parametrize(
    ("path", "value", "words"),
    (
        ("meshes.0.primitives.0.attributes", {"POSITION": 0}, "without texture coordinates"),
        ("meshes.0.primitives.0.indices", 9, "that it doesn't have"),
        ("meshes.0.primitives.0.mode", 1, "has no triangles"),
        ("meshes.0.primitives.0.attributes.TEXCOORD_0", -1, "that it doesn't have"),
        ("accessors.0.count", 10**9, "beyond its end"),
        ("accessors.0.count", -1, "as a size"),
        ("accessors.1.count", 3, "texture coordinates"),
        ("accessors.2.type", "VEC3", "are wanted"),
        ("accessors.0.sparse", {}, "sparse"),
        ("accessors.0.componentType", 5130, "is damaged"),
        ("bufferViews.0.byteLength", 8, "beyond its end"),
        ("buffers.0.uri", "../../etc/passwd", "in another file"),
        ("nodes.0", {"children": [0]}, "lead back to themselves"),
        ("nodes.0.scale", [1, "a", 1], "is damaged"),
        ("nodes.0.translation", [2e6, 0, 0], "coordinates beyond"),
        ("scenes.0.nodes", [], "has no triangles"),
        ("extensionsRequired", ["KHR_draco_mesh_compression"], "KHR_draco_mesh_compression"),
    ),
)
def test_a_bad_glb_is_one_sentence(tmp_path: Path, path: str, value: object, words: str) -> None:
    top, data = glb_parts(*drum())
    _change(top, path, value)
    assert words in problem(written(tmp_path, pack_glb(top, data)))


def test_nodes_that_repeat_a_large_mesh_are_refused(tmp_path: Path) -> None:
    vertices, uv, triangles = drum()
    many = 10_000  # vertices, most of them of no triangle
    padded = (np.concatenate([a, np.zeros((many - len(a), a.shape[1]))]) for a in (vertices, uv))
    top, data = glb_parts(*padded, triangles[:1])
    top["nodes"], top["scenes"][0]["nodes"] = [{"mesh": 0}] * 101, list(range(101))
    assert "more than 1,000,000 vertices" in problem(written(tmp_path, pack_glb(top, data)))


def test_lengths_that_lie_are_refused(tmp_path: Path) -> None:
    good = glb_of(*drum())
    assert "it is damaged" in problem(written(tmp_path, good[:-4]))
    assert "is not a mesh" in problem(written(tmp_path, b"glTX" + good[4:]))
    assert "is damaged" in problem(written(tmp_path, b"glTF"))
    assert "is not JSON" in problem(written(tmp_path, good.replace(b'{"asset"', b'["asset"', 1)))
    longer = bytearray(good)
    longer[12:16] = (2**31).to_bytes(4, "little")
    assert "in the middle of a chunk" in problem(written(tmp_path, bytes(longer)))


@pytest.mark.parametrize(
    ("text", "words"),
    (
        ("v 0 0 0\nf 1 1 1\n", "without texture coordinates"),
        ("v 0 0 0\nvt 0 0\nf 1/1 2/1 1/1\n", "a corner '2/1'"),
        ("v 0 0 0\nvt 0 0\nf 1/1 1/1\n", "a face of 2 corners"),
        ("v 0 0 a\n", "is damaged"),
        ("v 0 0\nvt 0 0\nf 1/1 1/1 1/1\n", "is damaged"),
        ("v 0 0 nan\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 3/3\n", "no finite numbers"),
        ("", "has no triangles"),
    ),
)
def test_a_bad_obj_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    assert words in problem(written(tmp_path, text, "a.obj"))


def test_what_can_not_be_painted_is_refused(tmp_path: Path) -> None:
    vertices, uv, triangles = drum()
    assert "from 0.0" in problem(written(tmp_path, glb_of(vertices, uv * 3, triangles)))
    assert "share" in problem(written(tmp_path, glb_of(vertices, np.abs(uv - 0.5), triangles)))
    whole = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], float)  # each face takes the whole texture
    pile = np.concatenate([np.column_stack([whole, np.full(4, z)]) for z in range(200)])
    faces = np.concatenate([np.array([(0, 1, 2), (0, 2, 3)]) + 4 * k for k in range(200)])
    said = problem(written(tmp_path, glb_of(pile, np.tile(whole, (200, 1)), faces)))
    assert "such as 0 and 2" in said  # the first: it looks no further
    flat = uv.copy()
    flat[triangles[5]] = flat[triangles[5][0]]
    assert "without an area in the texture" in problem(written(tmp_path, glb_of(vertices, flat, triangles)))
    assert "no triangle with an area" in problem(written(tmp_path, glb_of(vertices * 0, uv, triangles)))
    many = np.tile(triangles, (1000, 1))
    assert "more than 20,000 triangles" in problem(written(tmp_path, obj_of(vertices, uv, many), "a.obj"))
    assert "has another ending" in problem(written(tmp_path, b"ply", "a.ply"))


@pytest.mark.parametrize("number", ["1_0", "\u0661", "0x1", "1,5"])
def test_numbers_of_other_programs_alone(tmp_path: Path, number: str) -> None:
    assert "damaged" in problem(written(tmp_path, f"v {number} 0 0\n" + obj_of(*drum()), "a.obj"))


def test_files_of_glTF_1(tmp_path: Path) -> None:
    top, data = glb_parts(*drum())
    assert "version 1.0 of glTF" in problem(written(tmp_path, pack_glb(top | {"asset": {"version": "1.0"}}, data)))
