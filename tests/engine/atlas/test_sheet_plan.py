"""Plans of sheets: everything needed is painted once, finely enough, the nearest first."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.atlas.needs import TexelNeeds, whole_needs
from engine.atlas.policy import CELL_DENSITY
from engine.atlas.sheet_plan import COARSEST, COLUMNS, ROWS, TILE, coarsest_scale, plan_sheets
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
        assert sheet.columns <= COLUMNS * TILE + 2 * RIM and sheet.rows <= ROWS * TILE + 2 * RIM
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
