"""Charts sorted by plane."""

from __future__ import annotations

import numpy as np

from engine.geometry.planes import PlaneIndex


def test_texel_coordinates_of_a_plane_are_the_points_of_its_charts(charts) -> None:
    planes = PlaneIndex(charts)
    for c in np.flatnonzero(~charts.sky)[::7].tolist():
        w, h = charts.size[c].tolist()
        i, j = np.meshgrid(np.arange(w) + 0.5, np.arange(h) + 0.5)
        found = planes.points(int(planes.plane[c]), planes.u[c] + i, planes.v[c] + j)
        np.testing.assert_allclose(found, charts.points(np.full(i.shape, c), i, j), atol=1e-9)


def test_a_plane_has_all_its_charts_and_no_other(charts) -> None:
    planes = PlaneIndex(charts)
    assert (planes.plane[charts.sky] == -1).all() and (planes.plane[~charts.sky] >= 0).all()
    everywhere = (-10_000, -10_000, 20_000, 20_000)
    found = [planes.find_charts(p, everywhere) for p in range(len(planes.side))]
    assert sorted(np.concatenate(found).tolist()) == np.flatnonzero(~charts.sky).tolist()
    for p, members in enumerate(found):
        assert (charts.side[members] == planes.side[p]).all() and (planes.plane[members] == p).all()


def test_only_charts_that_overlap_a_rectangle_are_found(charts) -> None:
    planes = PlaneIndex(charts)
    c = int(np.flatnonzero(~charts.sky)[0])
    u, v, (w, h) = int(planes.u[c]), int(planes.v[c]), charts.size[c].tolist()
    plane = int(planes.plane[c])
    assert c in planes.find_charts(plane, (u + w - 1, v + h - 1, 1, 1))
    assert c not in planes.find_charts(plane, (u + w, v, 1, h)) and c not in planes.find_charts(plane, (u, v - 1, w, 1))
