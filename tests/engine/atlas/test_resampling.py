"""From a dreamed picture into the atlas and back: what the two resamplings keep of its finest detail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.grid import CELL
from engine.atlas.views import PaintedView
from engine.geometry.charts import Charts, build_charts
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from scenes.scene import SKY, Scene
from tests.engine import reference
from tests.engine.reference_region import own_cell, own_point
from tests.engine.village import CHANNELS, village_scene

SIZE = (256, 256)
# a wall seen squarely with 3, 5 and 7 pixels a texel, and the lawn at a slant
VIEWS = {
    "far": Camera.look_at((5.5, 1.5, 15.0), (5.5, 1.5, 5.0), fov=70),
    "nearer": Camera.look_at((5.5, 1.5, 11.0), (5.5, 1.5, 5.0), fov=70),
    "near": Camera.look_at((5.5, 1.5, 9.4), (5.5, 1.5, 5.0), fov=70),
    "slant": Camera.look_at((-4.0, 5.0, 16.0), (6.0, 0.0, 6.0), fov=60),
}


@pytest.fixture(scope="module")
def scene() -> Scene:
    return replace(village_scene(), voxels_per_block=6)


@pytest.fixture(scope="module")
def charts(scene) -> Charts:
    return build_charts(extrude_scene(scene), scene)


def laplacian(picture: np.ndarray) -> np.ndarray:
    y = picture[..., :3].astype(float).mean(-1)
    return y[:-2, 1:-1] + y[2:, 1:-1] + y[1:-1, :-2] + y[1:-1, 2:] - 4 * y[1:-1, 1:-1]


def grainy(camera: Camera, grey: np.ndarray | float = 128.0) -> PaintedView:
    """A painting whose detail is two pixels wide, as a sharp decoder's is, on the grey [H,W] of each place."""
    noise = np.random.default_rng(3).normal(size=(SIZE[1] + 1, SIZE[0] + 1))
    noise = noise[1:, 1:] + noise[:-1, 1:] + noise[1:, :-1] + noise[:-1, :-1]
    colours = np.clip(grey + 15 * noise, 0, 255).astype(np.uint8)[..., None].repeat(3, -1)
    latents = np.zeros((CHANNELS, SIZE[1] // CELL, SIZE[0] // CELL), np.float32)
    return PaintedView(camera, SIZE, latents, colours, 10)


def inside_surfaces(gathered, charts) -> np.ndarray:
    """bool [H-2,W-2]: whole latent pixels of one chart, of which the atlas can hold every pixel, away from other charts'."""
    focal = gathered.camera.focal(SIZE)
    held = (focal / gathered.depth * charts.texel < CELL) & (gathered.material != SKY) & (gathered.density > 0.5)
    padded = np.pad(gathered.chart, 1, constant_values=-1)
    h, w = gathered.chart.shape
    for dy in range(3):
        for dx in range(3):
            held &= padded[dy : dy + h, dx : dx + w] == gathered.chart
    return held.repeat(CELL, 0).repeat(CELL, 1)[1:-1, 1:-1]


@pytest.mark.parametrize("name", VIEWS)
def test_detail_of_two_pixels_comes_back_from_the_atlas(volume, charts, name):
    camera = VIEWS[name]
    gathered, painting = volume.gather(camera, SIZE), grainy(VIEWS[name])
    volume.scatter(gathered, painting)
    shown = volume.gather(camera, SIZE).colours
    where = inside_surfaces(gathered, charts)
    assert where.sum() > 2000
    before, after = laplacian(painting.colours)[where], laplacian(shown)[where]
    assert np.corrcoef(before, after)[0, 1] > 0.95
    assert 0.88 < np.sqrt((after**2).mean() / (before**2).mean()) < 1.08
    error = (painting.colours[1:-1, 1:-1, 0].astype(float) - shown[1:-1, 1:-1, 0])[where]
    assert np.sqrt((error**2).mean()) < 0.2 * painting.colours.std()


def test_beside_a_border_of_materials_a_surface_goes_on_and_is_not_smeared(volume, charts):
    """A pixel of a surface that lies in another material's latent pixel has as much detail as all others of its surface."""
    camera = VIEWS["slant"]
    gathered = volume.gather(camera, SIZE)
    volume.scatter(gathered, grainy(camera))
    shown = volume.gather(camera, SIZE).colours
    sees = reference.picture(charts, camera, SIZE)
    material = charts.material[sees.chart]
    label = gathered.material.repeat(CELL, 0).repeat(CELL, 1)
    inner = material[1:-1, 1:-1] != SKY
    for dy in range(3):
        for dx in range(3):
            rows, columns = slice(dy, dy + SIZE[1] - 2), slice(dx, dx + SIZE[0] - 2)
            inner &= (sees.chart[rows, columns] == sees.chart[1:-1, 1:-1]) & (shown[rows, columns, 3] == 255)
    strange = inner & (label != material)[1:-1, 1:-1]
    assert strange.sum() > 100
    detail = laplacian(shown)
    assert detail[strange].std() > 0.7 * detail[inner & ~strange].std()


coordinates = st.floats(0, 63.9)


@given(st.integers(0, 2**31), coordinates, coordinates)
def test_a_texel_takes_its_latent_from_its_own_material_or_from_where_its_pixel_is(seed, x, y):
    random = np.random.default_rng(seed)
    labels, shown = random.integers(0, 3, (8, 8)), random.integers(0, 3, (64, 64))
    column, row = own_cell(labels, shown, 1, np.array([x]), np.array([y]))
    cx, cy = int(x / CELL), int(y / CELL)
    near = labels[max(cy - 2, 0) : cy + 3, max(cx - 2, 0) : cx + 3] == 1
    if near.any():
        assert labels[row[0], column[0]] == 1
    else:
        assert (column[0], row[0]) == ((cx, cy) if shown[int(y), int(x)] == 1 else (-1, -1))


@given(st.integers(0, 2**31), coordinates, coordinates)
def test_colours_come_from_the_nearest_pixel_of_their_own_material(seed, x, y):
    shown = np.random.default_rng(seed).integers(0, 9, (64, 64))
    at_x, at_y, found = own_point(shown, 1, np.array([x]), np.array([y]))
    cx, cy = int(x), int(y)
    if shown[cy, cx] == 1:
        assert found[0] and (at_x[0], at_y[0]) == (x, y)
        return
    rows, columns = np.nonzero(shown == 1)
    near = (abs(rows - cy) <= 2) & (abs(columns - cx) <= 2)
    assert found[0] == near.any()
    if near.any():
        away = np.hypot(columns + 0.5 - x, rows + 0.5 - y)[near].min()
        assert np.hypot(at_x[0] - x, at_y[0] - y) == pytest.approx(away)
        assert shown[int(at_y[0]), int(at_x[0])] == 1
