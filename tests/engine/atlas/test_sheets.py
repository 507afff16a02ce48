"""Sheets on real GL: what is written is what is read, texel by texel, and the rules of the volume hold."""

from __future__ import annotations

import numpy as np
import pytest

from base.grid import CELL
from engine.atlas.needs import join_needs, lacking, view_needs, whole_needs
from engine.atlas.page import DENSITY, EDGE_CONTAMINATED, FROZEN, STEPS
from engine.atlas.sheet_plan import plan_sheets
from engine.geometry.sheet import RIM, Patch, Sheet
from tests.engine.village import CAMERAS, CHANNELS, SIZE, dreamed, same

STEPS_TAKEN = 6.0


@pytest.fixture
def wall(volume) -> Sheet:
    """A sheet of the south side of a building and of some ground."""
    return sheet_of(volume, scale=1)


def sheet_of(volume, scale: int) -> Sheet:
    planes, charts = volume.planes, volume.charts
    mine = np.flatnonzero((charts.side == 4) & (charts.material == 1))
    chart = int(mine[np.argmax(charts.size[mine].prod(1))])
    u, v = (int(x[chart]) // scale * scale for x in (planes.u, planes.v))
    first = Patch(int(planes.plane[chart]), u, v, 8 // scale, 4 // scale)
    ground = int(np.flatnonzero((charts.side == 2) & (charts.material == 0))[0])
    u, v = (int(x[ground]) // scale * scale for x in (planes.u, planes.v))
    second = Patch(int(planes.plane[ground]), u, v, 8 // scale, 4 // scale, row=3 * RIM + 4 // scale)
    return Sheet((first, second), 8 // scale + 2 * RIM, 8 // scale + 4 * RIM, scale)


def painting(sheet: Sheet, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    latents = rng.normal(size=(CHANNELS, sheet.rows, sheet.columns)).astype(np.float32)
    return latents, rng.integers(0, 256, (sheet.rows * CELL, sheet.columns * CELL, 3), np.uint8)


def write(volume, sheet: Sheet, seed: int = 0, steps: float = STEPS_TAKEN) -> int:
    return volume.write_sheet_task(sheet, *painting(sheet, seed), steps).run_to_end()


def real(volume, sheet: Sheet) -> np.ndarray:
    """bool [rows,columns]: latent pixels of the inner part that have a surface, at scale 1."""
    painted = volume.gather_sheet_task(sheet).run_to_end()
    return sheet.inner & (painted.steps > 0)


def test_an_unpainted_sheet_is_bare_and_continues_its_surfaces(volume, wall) -> None:
    gathered = volume.gather_sheet_task(wall).run_to_end()
    assert not gathered.steps.any() and not gathered.colours.any() and not gathered.latents.any()
    assert (gathered.density == CELL).all() and gathered.noise.std() == pytest.approx(1, abs=0.15)
    upper, lower = gathered.side[: 4 + 2 * RIM], gathered.side[4 + 2 * RIM :]
    assert (upper == 4).all() and (lower == 2).all()
    assert (gathered.point[RIM, RIM + 1] - gathered.point[RIM, RIM])[0] == pytest.approx(volume.charts.texel)


def test_what_is_written_is_read_back_texel_by_texel(volume, wall) -> None:
    written = write(volume, wall)
    latents, colours = painting(wall)
    gathered = volume.gather_sheet_task(wall).run_to_end()
    mine = real(volume, wall)
    assert written == mine.sum() > 40 and volume.revision == gathered.revision == 1
    np.testing.assert_array_equal(gathered.latents[:, mine], latents[:, mine])
    pixels = np.repeat(np.repeat(mine, CELL, 0), CELL, 1)
    np.testing.assert_array_equal(gathered.colours[pixels][:, :3], colours[pixels])
    assert (gathered.steps[mine] == STEPS_TAKEN).all() and (gathered.stored_density[mine] == CELL).all()
    assert not gathered.steps[~wall.inner].any(), "rims are not stored"


def test_a_view_sees_what_a_sheet_painted(volume, wall) -> None:
    camera = CAMERAS["wall"]
    before = volume.gather(camera, SIZE)
    write(volume, wall)
    after = volume.gather(camera, SIZE)
    assert not before.steps.any() and (after.steps > 0).any()
    assert (after.stored_density[after.steps > 0] == CELL).all()


def test_finished_paint_stays_and_frozen_paint_stays(volume, wall) -> None:
    write(volume, wall)
    before = volume.snapshot()
    assert write(volume, wall, seed=1) == 0 and same(before, volume.snapshot())
    assert volume.revision == 1
    for number in volume.atlas:
        page = volume.atlas[number]
        kept = page.read()
        kept["state"] = kept["state"].copy()
        kept["state"][..., FROZEN] = kept["state"][..., STEPS] > 0
        page.write(**kept)
    before = volume.snapshot()
    assert write(volume, wall, seed=1, steps=50) == 0 and same(before, volume.snapshot())


def test_paint_beside_a_depth_edge_gives_way(volume, wall) -> None:
    write(volume, wall)
    for number in volume.atlas:
        kept = volume.atlas[number].read()
        kept["state"] = kept["state"].copy()
        kept["state"][..., FROZEN] = np.where(kept["state"][..., STEPS] > 0, EDGE_CONTAMINATED, 0)
        volume.atlas[number].write(**kept)
    gathered = volume.gather_sheet_task(wall).run_to_end()
    assert not gathered.steps.any() and not gathered.latents.any()
    assert write(volume, wall, seed=1) == wall.inner.sum() - (~real(volume, wall) & wall.inner).sum()


def test_a_coarse_sheet_paints_blocks_of_texels_and_a_finer_one_replaces_it(volume) -> None:
    coarse, fine = sheet_of(volume, 2), sheet_of(volume, 1)
    written = write(volume, coarse)
    latents, _ = painting(coarse)
    gathered = volume.gather_sheet_task(coarse).run_to_end()
    mine = real(volume, coarse)
    np.testing.assert_array_equal(gathered.latents[:, mine], latents[:, mine])
    assert (gathered.stored_density[mine] == CELL / 2).all() and written >= 3 * mine.sum()
    seen = volume.gather_sheet_task(fine).run_to_end()
    assert (seen.steps > 0).any() and (seen.stored_density[seen.steps > 0] == CELL / 2).all()
    assert write(volume, fine) > 0
    assert (volume.gather_sheet_task(fine).run_to_end().stored_density[real(volume, fine)] == CELL).all()
    assert write(volume, coarse, seed=2) == 0


def test_a_sheet_in_slices_is_the_same(volume, wall) -> None:
    task = volume.gather_sheet_task(wall)
    while not task.run_for(0.0):
        pass
    work = volume.write_sheet_task(task.result.sheet, *painting(wall), STEPS_TAKEN)
    while not work.run_for(0.0):
        pass
    sliced = volume.snapshot()
    volume.erase()
    volume.revision = 0
    write(volume, wall)
    assert same(sliced, volume.snapshot())


def test_a_frontal_wall_needs_its_pixels_per_texel(volume) -> None:
    camera, charts = CAMERAS["street"], volume.charts
    needs = view_needs(charts, camera, SIZE, volume.find_visible_texels(camera, SIZE))
    assert not charts.sky[needs.chart].any()
    points = charts.points(needs.chart, needs.i + 0.5, needs.j + 0.5) - camera.position
    depth = points @ camera.axes[2]
    straight = camera.focal(SIZE) / depth * charts.texel
    assert (needs.density <= straight * (1 + 1e-5)).all() and (needs.density > 0.13 * straight).all()
    twice = view_needs(charts, camera, SIZE, volume.find_visible_texels(camera, SIZE), times=2)
    np.testing.assert_allclose(twice.density, 2 * needs.density, rtol=1e-6)


def test_after_its_sheets_a_view_lacks_nothing(volume) -> None:
    charts, camera = volume.charts, CAMERAS["street"]
    volume.scatter(volume.gather(camera, SIZE), dreamed(camera, steps=STEPS_TAKEN))
    needs = view_needs(charts, camera, (4 * SIZE[0], 4 * SIZE[1]), volume.find_visible_texels(camera, SIZE))
    lacks = lacking(volume.atlas, charts, needs, STEPS_TAKEN)
    assert 0 < lacks.sum() <= len(needs)
    for sheet in plan_sheets(volume.planes, needs.only(lacks)):
        assert write(volume, sheet) > 0
    assert not lacking(volume.atlas, charts, needs, STEPS_TAKEN).any()
    assert lacking(volume.atlas, charts, needs, 2 * STEPS_TAKEN).all(), "more steps are asked for"


def test_the_whole_scene_can_be_painted(volume) -> None:
    charts = volume.charts
    needs = whole_needs(charts, (0, 0, 0))
    assert len(needs) == charts.size[~charts.sky].prod(1).sum()
    written = sum(write(volume, sheet) for sheet in plan_sheets(volume.planes, needs, 4))
    assert written == len(needs) and not lacking(volume.atlas, charts, needs, STEPS_TAKEN).any()
    for number in volume.atlas:
        owner = charts.owner_map(number)
        solid = (owner >= 0) & ~charts.sky[owner]
        state = volume.atlas[number].read_state()
        assert (state[solid][:, DENSITY] == CELL).all() and not state[~solid].any()


def test_joined_needs_are_the_highest(volume) -> None:
    charts = volume.charts
    parts = [
        view_needs(charts, CAMERAS[name], SIZE, volume.find_visible_texels(CAMERAS[name], SIZE)) for name in CAMERAS
    ]
    joined = join_needs(charts, parts)

    def table(needs) -> dict[tuple[int, int, int], tuple[float, float]]:
        keys = zip(needs.chart.tolist(), needs.i.tolist(), needs.j.tolist(), strict=True)
        return dict(zip(keys, zip(needs.density.tolist(), needs.distance.tolist(), strict=True), strict=True))

    tables = [table(part) for part in parts]
    expected = {
        key: (max(t[key][0] for t in tables if key in t), min(t[key][1] for t in tables if key in t))
        for key in set().union(*tables)
    }
    assert table(joined) == expected and len(join_needs(charts, [])) == 0
