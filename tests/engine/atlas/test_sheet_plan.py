"""Plans of sheets: everything needed is painted once, finely enough, the nearest first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.atlas.needs import TexelNeeds, whole_needs
from engine.atlas.patches import COARSEST, coarsest_scale, cut_patches
from engine.atlas.policy import CELL_DENSITY
from engine.atlas.sheet_plan import HEIGHT, WIDTH, plan_sheets
from engine.geometry.planes import PlaneIndex
from engine.geometry.sheet import RIM


@pytest.fixture(scope="module")
def planes(charts) -> PlaneIndex:
    return PlaneIndex(charts)


def some_needs(charts, seed: int, share: float) -> TexelNeeds:
    rng = np.random.default_rng(seed)
    needs = whole_needs(charts, (0.0, 2.0, 0.0))
    chosen = needs.only(rng.random(len(needs)) < share)
    density = np.exp(rng.normal(1.0, 1.2, len(chosen))).astype(np.float32)
    return TexelNeeds(chosen.chart, chosen.i, chosen.j, density, chosen.distance)


@given(st.floats(0.01, 100))
def test_a_latent_pixel_is_as_large_as_the_density_allows(density) -> None:
    (scale,) = coarsest_scale(np.array([density])).tolist()
    wanted = min(density, CELL_DENSITY)
    assert CELL_DENSITY / scale >= wanted * (1 - 1e-5) and scale in (1, 2, 4, COARSEST)
    assert scale == COARSEST or CELL_DENSITY / (2 * scale) < wanted


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.003, 0.1, 1.0]), st.sampled_from([1, 2, 4]))
def test_every_texel_is_painted_as_finely_as_it_needs(charts, planes, seed, share, multiple) -> None:
    needs = some_needs(charts, seed, share)
    sheets = plan_sheets(planes, needs, multiple)
    plane = planes.plane[needs.chart]
    u, v = planes.u[needs.chart] + needs.i, planes.v[needs.chart] + needs.j
    painted = np.zeros(len(needs), int)
    for sheet in sheets:
        assert sheet.columns % multiple == 0 and sheet.rows % multiple == 0
        assert sheet.columns <= WIDTH and sheet.rows <= HEIGHT
        taken = np.zeros((sheet.rows, sheet.columns), int)
        for p in sheet.patches:
            assert p.u % sheet.scale == 0 and p.v % sheet.scale == 0
            around = slice(p.row - RIM, p.row + p.rows + RIM), slice(p.column - RIM, p.column + p.columns + RIM)
            assert taken[around].shape == (p.rows + 2 * RIM, p.columns + 2 * RIM), "with its rim on the sheet"
            taken[around] += 1
            inside = (plane == p.plane) & (u >= p.u) & (u < p.u + p.columns * sheet.scale)
            inside &= (v >= p.v) & (v < p.v + p.rows * sheet.scale)
            painted += inside & (sheet.density >= np.minimum(needs.density, CELL_DENSITY) * (1 - 1e-5))
        assert taken.max() == 1
    assert (painted >= 1).all()


@pytest.mark.parametrize("away, scales", [(8, [1]), (20, [1, COARSEST])])
def test_what_is_needed_coarsely_joins_a_finer_neighbour_where_that_costs_less_than_a_rim(
    charts, planes, away, scales
) -> None:
    whole = whole_needs(charts, (6.0, 1.7, 6.0))
    plane, u, v = planes.plane[whole.chart], planes.u[whole.chart] + whole.i, planes.v[whole.chart] + whole.j
    ground = plane == np.argmax(np.bincount(plane))
    left, top = (int(texel[ground].min()) // 8 * 8 for texel in (u, v))
    near, far = (
        ground & (v >= top) & (v < top + 8) & (u >= left + n) & (u < left + n + w) for n, w in ((0, 8), (away, 1))
    )
    density = np.where(far, 1, whole.density).astype(np.float32)
    needs = TexelNeeds(whole.chart, whole.i, whole.j, density, whole.distance).only(near | far)
    assert near.any() and far.any()
    assert sorted(cut_patches(planes, needs)) == scales


def test_the_nearest_surfaces_come_first(charts, planes) -> None:
    needs = whole_needs(charts, (6.0, 1.7, 6.0))
    first = plan_sheets(planes, needs)
    nearest = int(np.argmin(needs.distance))
    chart, i, j = (int(x[nearest]) for x in (needs.chart, needs.i, needs.j))
    u, v, plane = int(planes.u[chart]) + i, int(planes.v[chart]) + j, int(planes.plane[chart])
    assert any(p.plane == plane and p.u <= u < p.u + p.columns and p.v <= v < p.v + p.rows for p in first[0].patches)


def test_nothing_needed_is_no_sheet(charts, planes) -> None:
    none = whole_needs(charts, (0, 0, 0)).only(np.zeros(0, int))
    assert plan_sheets(planes, none) == []


def test_patches_lie_around_a_sheets_pixels(charts, planes) -> None:
    for sheet in plan_sheets(planes, some_needs(charts, 3, 0.02)):
        assert sheet.patch.min() >= 0 and sheet.inner.sum() == sum(p.area for p in sheet.patches)
        for number, p in enumerate(sheet.patches):
            rows, columns = slice(p.row - RIM, p.row + p.rows + RIM), slice(p.column - RIM, p.column + p.columns + RIM)
            assert (sheet.patch[rows, columns] == number).all()


@pytest.mark.parametrize("multiple", [1, 4])
def test_sheets_touch_where_one_writes_what_the_other_reads(charts, planes, multiple) -> None:
    sheets = plan_sheets(planes, some_needs(charts, 5, 0.01), multiple)
    written = [texels_of(sheet, sheet.inner) for sheet in sheets]
    read = [texels_of(sheet, np.ones_like(sheet.inner)) for sheet in sheets]
    found = [[sheet.touches(other) for other in sheets] for sheet in sheets]
    assert {touching for row in found for touching in row} == {True, False}
    assert all(
        touching or not (w & r)
        for w, row in zip(written, found, strict=True)
        for r, touching in zip(read, row, strict=True)
    )


def texels_of(sheet, cells) -> set[tuple[int, int, int]]:
    """(plane, u, v) of the texels under these latent pixels."""
    rows, columns = np.nonzero(cells)
    number = sheet.patch[rows, columns]
    plane = np.array([p.plane for p in sheet.patches])[number]
    u, v = (sheet.origins[number] + sheet.scale * np.stack([columns, rows], 1)).T
    texels = [(u + a, v + b) for a in range(sheet.scale) for b in range(sheet.scale)]
    return {key for uu, vv in texels for key in zip(plane.tolist(), uu.tolist(), vv.tolist(), strict=True)}
