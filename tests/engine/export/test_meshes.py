"""Painted meshes leave the program as they came: their own triangles and texture coordinates, with the paint in their texture."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from app.cli.export import walking_rules
from base.grid import CELL
from engine.atlas.volume import LatentVolume, WorldSnapshot
from engine.export.glb import write_glb
from engine.export.meshes import mesh_names, mesh_picture, write_mesh_textures
from engine.export.page import write_page
from engine.export.source import Source, open_source
from engine.geometry.charts import Charts, build_charts
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from scenes.scene import Scene
from tests.engine.export.conftest import colours_at, keep, painted_everywhere, quiet
from tests.engine.export.khronos import validate
from tests.engine.export.test_glb import ALIKE, SIZE, Program, difference
from tests.engine.export.viewer import Glb, Viewer
from tests.engine.village import CHANNELS
from tests.scenes.mesh_files import drum_on_lawn


@pytest.fixture(scope="module")
def lawn() -> Scene:
    scene = drum_on_lawn()
    drum = scene.meshes[0]
    second = replace(drum, place=replace(drum.place, position=(1.5, 0.5, 1.5), rotation=(20.0, 30.0, 40.0), scale=1.0))
    return replace(scene, meshes=(drum, second))


def painted_meshes(charts: Charts) -> WorldSnapshot:
    """`painted_everywhere`, with the pattern on every texel that a triangle owns, too."""
    world = painted_everywhere(charts)
    chart, i, j = charts.meshes.owned_texels
    inner = (np.arange(CELL) + 0.5) / CELL
    for c, a, b in zip(chart.tolist(), i.tolist(), j.tolist(), strict=True):
        page, y, x = world.pages[int(charts.page[c])], int(charts.y[c]) + b, int(charts.x[c]) + a
        v, u = np.meshgrid(b + inner, a + inner, indexing="ij")
        cell = page["colour"][y * CELL : (y + 1) * CELL, x * CELL : (x + 1) * CELL]
        cell[..., :3], cell[..., 3] = colours_at(charts.points(np.full(u.shape, c), u, v)), 255
        page["state"][y, x, :3] = 10, CELL, 1
    return WorldSnapshot(world.channels, world.seed, world.revision, world.pages)


@pytest.fixture
def volume(ctx, lawn):
    charts = build_charts(extrude_scene(lawn), lawn)
    volume = LatentVolume(ctx, charts, CHANNELS)
    volume.restore(painted_meshes(charts))
    yield volume
    volume.release()


@pytest.fixture
def source(volume, lawn, tmp_path) -> Source:
    return open_source(keep(volume, lawn, tmp_path / "journal"), lawn, quiet)


def test_the_file_shows_what_the_program_shows(ctx, source, volume, tmp_path) -> None:
    write_glb(source, tmp_path / "lawn.glb", "png", quiet)
    assert validate(tmp_path / "lawn.glb") == []
    viewer, program = Viewer(ctx, Glb(tmp_path / "lawn.glb")), Program(ctx, source, volume)
    for place, target in (
        ((4.0, 2.2, 7.8), (4.0, 1.5, 4.0)),
        ((7.5, 4.5, 2.0), (4.0, 1.5, 4.0)),
        ((0.5, 2.0, 3.8), (1.5, 1.0, 1.5)),
    ):
        camera = Camera.look_at(place, target, fov=50)
        theirs, ours = viewer.draw(camera, SIZE), program.draw(camera)
        assert difference(theirs, ours) <= ALIKE
        own = np.isin(volume.gather(camera, SIZE).pixel_mesh, (0, 1))
        assert own.mean() > 0.1 and difference(theirs[own], ours[own]) <= 2 * ALIKE


def test_triangles_and_texture_coordinates_are_untouched(source, lawn, tmp_path) -> None:
    write_glb(source, tmp_path / "lawn.glb", "png", quiet)
    glb, found = Glb(tmp_path / "lawn.glb"), trimesh.load_scene(tmp_path / "lawn.glb", process=False)
    assert mesh_names(lawn) == ["drum", "drum-2"]
    for name, mesh in zip(mesh_names(lawn), lawn.meshes, strict=True):
        node = glb.node(name)
        (primitive,) = glb.top["meshes"][node["mesh"]]["primitives"]
        assert np.array_equal(glb.array(primitive["indices"]).reshape(-1, 3), mesh.geometry.triangles)
        corners = glb.array(primitive["attributes"]["TEXCOORD_0"])
        assert np.array_equal(corners, mesh.geometry.uv.astype(np.float32))
        assert node["extras"]["mesh"] == "drum.glb" and node["extras"]["prompt"] == "white marble"
        turn = Rotation.from_euler("xyz", mesh.place.rotation, degrees=True).as_matrix()
        assert np.allclose(Rotation.from_quat(node["rotation"]).as_matrix(), turn, atol=1e-6)
        there, key = found.graph[name]
        placed = trimesh.transform_points(found.geometry[key].vertices, there)
        assert np.allclose(placed[found.geometry[key].faces], mesh.corners, atol=1e-5)


def test_each_mesh_has_a_name_of_its_own(lawn) -> None:
    drum = lawn.meshes[0]
    files = ("drum.glb", "drum-2.glb", "drum.glb", "Drum.obj")
    meshes = tuple(replace(drum, place=replace(drum.place, file=file)) for file in files)
    assert mesh_names(replace(lawn, meshes=meshes)) == ["drum", "drum-2", "drum-3", "Drum-4"]


def test_each_pixel_of_the_texture_shows_its_point(source, lawn) -> None:
    """The pattern is one of space, so any program that looks a point up by its texture coordinates finds the point's colour."""
    rng = np.random.default_rng(0)
    for number, mesh in enumerate(lawn.meshes):
        picture = mesh_picture(source, number)
        triangle = rng.integers(0, len(mesh.geometry.triangles), 500)
        weights = rng.dirichlet((1, 1, 1), 500)
        points = np.einsum("nk,nkc->nc", weights, mesh.corners[triangle])
        uv = np.einsum("nk,nkc->nc", weights, mesh.geometry.uv[mesh.geometry.triangles[triangle]])
        x, y = np.minimum(uv * len(picture), len(picture) - 1).astype(int).T
        wrong = np.abs(picture[y, x, :3].astype(int) - colours_at(points)).max(axis=-1)
        assert np.median(wrong) <= 6 and (wrong <= 40).mean() > 0.97


def test_unpainted_texels_have_the_bare_look_and_gaps_their_neighbours(ctx, lawn, tmp_path) -> None:
    charts = build_charts(extrude_scene(lawn), lawn)
    empty = LatentVolume(ctx, charts, CHANNELS)
    source = open_source(keep(empty, lawn, tmp_path / "journal"), lawn, quiet)
    picture = mesh_picture(source, 0)
    assert (picture[..., 3] == 255).all() and len(picture) == charts.meshes.texels[0] * CELL
    assert (np.abs(picture[..., :3] - picture[..., :3].mean((0, 1))).max(axis=-1) < 120).all()  # marble, nowhere black
    assert picture[..., :3].min() > 30
    write_mesh_textures(source, tmp_path / "textures", quiet)
    assert {p.name for p in (tmp_path / "textures").iterdir()} == {"drum.png", "drum-2.png"}
    empty.release()


def test_the_page_has_a_texture_and_obstacles_for_each_mesh(source, lawn, tmp_path) -> None:
    write_page(source, tmp_path / "page", walking_rules(), quiet)
    world = json.loads((tmp_path / "page" / "world.js").read_text().removeprefix("rayverie.open(").rstrip(");\n"))
    assert len(world["pages"]) == len(source.layout.pages) + 2
    assert [page["count"] for page in world["pages"][-2:]] == [3 * len(m.geometry.triangles) for m in lawn.meshes]
    assert world["obstacles"] and len(source.obstacles) > 10
    assert len(source.boxes) == 1  # the lawn
    x, y, z = source.obstacles[:, :3].min(axis=0)
    assert 0 < x < 2 and 0 < z < 2 and y >= 0
