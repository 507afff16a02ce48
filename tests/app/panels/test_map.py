"""Where the Scene panel draws its map."""

from __future__ import annotations

import pytest

from app.panels.map import frame


def test_where_a_map_is_seen_and_back() -> None:
    for zoom in (1.0, 2.5, 8.0):
        for centre in ((0.0, 0.0), (20.0, 5.0), (40.0, 30.0)):
            view = frame((40, 30), (10.0, 20.0, 200.0, 150.0), zoom, centre)
            assert view.place(*view.point(7.25, 3.5)) == pytest.approx((7.25, 3.5))
            low, high = view.place(10.0, 20.0), view.place(210.0, 170.0)
            assert min(low) >= -1e-9 and high[0] <= 40 + 1e-9 and high[1] <= 30 + 1e-9
