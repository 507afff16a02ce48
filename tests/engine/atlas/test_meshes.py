"""Meshes among the blocks: triangles are charts that share their island's texels; gather and scatter treat them as their twins do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.atlas import policy
from engine.atlas.views import PaintedView
from engine.atlas.volume import LatentVolume
from engine.geometry.charts import Charts, build_charts
from engine.geometry.mesh import find_visible_charts
from engine.geometry.mesh_charts import build_mesh_charts
from engine.geometry.surface_noise import surface_noise
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from scenes.mesh import Mesh, MeshGeometry
from scenes.scene import Background, Material, Scene
from tests.engine import reference
from tests.engine.village import CHANNELS, SIZE, dreamed
from tests.scenes.mesh_files import drum_mesh

STONE = 1  # the mesh's material
VIEWS = {
    "front": Camera.look_at((2.5, 2.6, 7.0), (3.0, 1.5, 3.0), fov=50),
    "above": Camera.look_at((5.5, 5.0, 5.7), (3.0, 1.0, 3.0), fov=50),
}
LITTLE = (112, 80)
SMALL = (SIZE[0] // 8, SIZE[1] // 8)


def mesh_scene(**place) -> Scene:
    """A drum over a lawn."""
    grass = Material("grass", (0, 255, 0), "grass", 0.5, (90, 140, 70))
    stone = Material("stone", (-1, -1, -1), "white marble", 0.0, (200, 195, 185))
    where = {"position": (3.0, 0.5, 3.0), "rotation": (10.0, 20.0, 0.0), "scale": 2.2} | place
    mesh = drum_mesh("stone", around=5, **where)
    plan = np.ones((6, 6), np.uint8)
    return Scene("lawn", plan, (grass, stone), Background("sky"), voxels_per_block=4, meshes=(mesh,))


@pytest.fixture(scope="module")
def charts() -> Charts:
    scene = mesh_scene()
    return build_charts(extrude_scene(scene), scene)


@pytest.fixture
def volume(ctx, charts):
    volume = LatentVolume(ctx, charts, CHANNELS, seed=7)
    yield volume
    volume.release()


@pytest.fixture(params=list(VIEWS))
def camera(request) -> Camera:
    return VIEWS[request.param]


def test_each_texel_has_one_owner_and_lies_in_its_plane(charts):
    mesh = charts.meshes
    chart, i, j = mesh.owned_texels
    place = (charts.page[chart].astype(np.int64) * 256 + charts.y[chart] + j) * 256 + charts.x[chart] + i
    assert len(np.unique(place)) == len(place) == charts.area[mesh.mesh >= 0].sum()
    for page in np.unique(charts.page[chart]):
        owner, here = charts.owner_map(page), charts.page[chart] == page
        assert (owner[(charts.y[chart] + j)[here], (charts.x[chart] + i)[here]] == chart[here]).all()
    within = (i >= 0) & (j >= 0) & (i < charts.size[chart, 0]) & (j < charts.size[chart, 1])
    assert within.all()


def test_corners_are_the_file_s_wherever_it_stands(charts):
    scene, own = mesh_scene(), np.flatnonzero(charts.meshes.mesh == 0)
    drum = scene.meshes[0]
    triangle = charts.meshes.triangle[own]
    assert sorted(triangle) == list(range(len(drum.geometry.triangles)))
    assert np.allclose(charts.corners[own, :3], drum.corners[triangle])
    texels = charts.meshes.outline[own, :3] + charts.corner[own, None, :2]
    assert np.allclose(texels, drum.geometry.uv[drum.geometry.triangles[triangle]] * charts.meshes.texels[0])
    outward = charts.centre[own] - drum.corners.mean(axis=(0, 1))
    assert ((charts.normal[own] * outward).sum(-1) > 0).all()


def test_a_texel_is_about_as_large_as_on_blocks(charts):
    spacing = np.median(charts.spacing[charts.meshes.mesh == 0])
    assert 0.7 * charts.texel < spacing < 1.4 * charts.texel


def test_triangles_without_an_area_are_no_charts_wherever_the_mesh_stands():
    drum = drum_mesh("stone", around=64)
    a, b = drum.geometry.triangles[0, :2]
    vertices, uv = (np.vstack([c, 0.7 * c[a] + 0.3 * c[b]]) for c in (drum.geometry.vertices, drum.geometry.uv))
    triangles = np.vstack([drum.geometry.triangles, [a, len(vertices) - 1, b]]).astype(np.int32)
    # so far away that rounding gives the last one an area
    place = replace(drum.place, position=(3000.3, 0.0, 9000.7), rotation=(10.0, 20.0, 30.0))
    scene = replace(mesh_scene(), meshes=(Mesh(place, MeshGeometry(vertices, uv, triangles)),))
    assert build_mesh_charts(scene).triangle.tolist() == list(range(len(triangles) - 1))


def test_islands_are_cut_once_while_blocks_change():
    scene = mesh_scene()
    moved = replace(mesh_scene(position=(1.0, 1.0, 1.0)), map=np.zeros((6, 6), np.uint8))
    assert build_mesh_charts(scene).cut[0] is build_mesh_charts(moved).cut[0]
    finer = replace(scene, voxels_per_block=8)
    assert build_mesh_charts(finer).cut[0].texels == pytest.approx(2 * build_mesh_charts(scene).cut[0].texels, abs=1)


def test_blocks_keep_their_layout_beside_a_mesh(charts):
    scene = replace(mesh_scene(), meshes=())
    alone = build_charts(extrude_scene(scene), scene)
    blocks = charts.of_blocks | charts.sky
    for name in ("page", "x", "y", "size", "corner", "side", "material", "origin"):
        assert np.array_equal(getattr(charts, name)[blocks], getattr(alone, name)), name
    assert charts.fingerprint != alone.fingerprint


def test_only_triangles_that_face_the_camera_are_drawn(charts, camera):
    visible = find_visible_charts(charts, camera, SIZE)
    seen = np.unique(reference.picture(charts, camera, SIZE).chart)
    assert np.isin(seen, visible).all()
    own = visible[charts.meshes.mesh[visible] >= 0]
    assert 0 < len(own) < (charts.meshes.mesh >= 0).sum()


def test_gather_is_its_twin(volume, charts, camera):
    gathered = volume.gather(camera, SIZE)
    seen = reference.picture(charts, camera, SMALL)
    own = (gathered.material == STONE) & (charts.material[seen.chart] == STONE)
    assert own.sum() > 20
    agree = own & (gathered.chart == seen.chart)
    assert agree.sum() > 0.9 * own.sum()
    i, j = reference.texels(charts, seen.chart, seen.u, seen.v)
    page, y, x = np.moveaxis(gathered.texel, -1, 0)
    agree &= (page == charts.page[seen.chart]) & (y == charts.y[seen.chart] + j) & (x == charts.x[seen.chart] + i)
    assert agree.sum() > 0.85 * own.sum()
    assert np.allclose(gathered.depth[agree], seen.depth[agree], rtol=1e-4)
    assert np.allclose(gathered.normal[agree], charts.normal[seen.chart][agree], atol=1e-6)
    view = reference.picture(charts, camera, SIZE)
    density = reference.claim(view, charts, seen.chart.ravel(), i.ravel(), j.ravel())[0].reshape(own.shape)
    close = np.isclose(gathered.density, density, rtol=0.01, atol=0.01)
    assert close[agree].mean() > 0.95
    assert (gathered.pixel_mesh == charts.meshes.mesh[view.chart]).mean() > 0.99


def test_scatter_is_its_twin(volume, charts, camera):
    painting = dreamed(camera, size=LITTLE)
    volume.scatter(volume.gather(camera, LITTLE), painting)
    ours, theirs = volume.snapshot().pages, reference.scatter({}, charts, painting, 1)
    assert ours.keys() == theirs.keys()
    texels = 0
    for number in ours:
        owner = charts.owner_map(number)
        own = (owner >= 0) & (charts.meshes.mesh[owner] >= 0)
        took, should = (pages[number]["state"][..., 0] > 0 for pages in (ours, theirs))
        assert (took & should)[own].sum() >= 0.97 * (took | should)[own].sum()
        both = own & took & should
        texels += int(both.sum())
        assert (ours[number]["latents"] == theirs[number]["latents"]).all(axis=0)[both].mean() > 0.97
        density = np.isclose(ours[number]["state"][..., 1], theirs[number]["state"][..., 1], rtol=0.02)
        assert density[both].mean() > 0.97
        cells = both.repeat(8, 0).repeat(8, 1)
        difference = np.abs(ours[number]["colour"].astype(int) - theirs[number]["colour"])[cells]
        assert (difference[:, 3] == 0).all() and (difference.max(axis=-1) <= 8).mean() > 0.95
    assert texels > 100


def test_a_painted_view_shows_the_picture_again_and_stays(volume, camera):
    painting = dreamed(camera)
    volume.scatter(volume.gather(camera, SIZE), painting)
    again = volume.gather(camera, SIZE)
    own = again.pixel_mesh == 0
    own[:8] = own[-8:] = own[:, :8] = own[:, -8:] = False
    painted = own & (again.colours[..., 3] == 255)
    assert painted.sum() > 0.97 * own.sum() > 200
    wrong = np.abs(again.colours[..., :3].astype(int) - painting.colours).max(axis=-1)
    assert (wrong[painted] <= 12).mean() > 0.95
    mesh = (again.material == STONE) & policy.claimable_mask(again)
    assert mesh.any() and policy.final_mask(again, 10)[mesh].mean() > 0.9
    before = volume.revision
    assert volume.scatter(again, PaintedView(camera, SIZE, painting.latents, painting.colours, 4)) == 0
    assert volume.revision == before


def test_noise_lies_on_the_texture_and_goes_with_the_mesh(ctx, charts):
    moved = mesh_scene(position=(3.0, 1.0, 3.0), rotation=(0.0, 0.0, 0.0))
    other = build_charts(extrude_scene(moved), moved)
    camera = VIEWS["front"]
    found = []
    for table in (charts, other):
        volume = LatentVolume(ctx, table, CHANNELS, seed=7)
        gathered = volume.gather(camera, (1536, 1024))
        own = table.meshes.mesh[gathered.chart] == 0
        assert own.sum() > 100 and abs(gathered.noise[:, own].std() - 1) < 0.1
        volume.release()
        chart, i, j = table.meshes.owned_texels
        noise = surface_noise(table, chart, i + 0.5, j + 0.5, np.zeros(len(chart), int), CHANNELS, seed=7)
        texels = np.stack([table.meshes.triangle[chart], i, j], 1).tolist()
        found.append(dict(zip(map(tuple, texels), noise.T.tolist(), strict=True)))
    assert len(found[0]) > 100 and found[0] == found[1]


def test_brushes_find_the_texels_of_a_mesh(volume, charts, camera):
    shown = volume.find_visible_texels(camera, SIZE)
    gathered = volume.gather(camera, SIZE)
    own = gathered.material == STONE
    page, y, x = gathered.texel[own].T
    assert all(shown[int(p)][b, a] for p, b, a in zip(page, y, x, strict=True))
    chart, i, j = charts.meshes.owned_texels
    away = (charts.normal * (charts.origin - camera.position)).sum(-1) > 0
    touched = {
        tuple(t)
        for t in np.stack(_atlas(charts, *charts.meshes.shared_texels), 1)[~away[charts.meshes.shared_texels[0]]]
    }
    hidden = [t for t in np.stack(_atlas(charts, chart, i, j), 1)[away[chart]].tolist() if tuple(t) not in touched]
    assert hidden and not any(shown[p][b, a] for p, b, a in hidden)


def _atlas(charts: Charts, chart: np.ndarray, i: np.ndarray, j: np.ndarray) -> list[np.ndarray]:
    """page, y, x."""
    return [charts.page[chart], charts.y[chart] + j, charts.x[chart] + i]
