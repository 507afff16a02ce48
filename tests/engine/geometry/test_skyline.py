"""Rectangles under a skyline: inside, apart, and as high up as they go."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.geometry.skyline import Skyline


@given(st.lists(st.tuples(st.integers(1, 12), st.integers(1, 12)), max_size=60))
def test_rectangles_lie_inside_and_apart(sizes) -> None:
    skyline, taken = Skyline(20, 16), np.zeros((16, 20), int)
    for width, height in sizes:
        at = skyline.place(width, height)
        if at is None:
            continue
        x, y = at
        around = taken[y : y + height, x : x + width]
        assert around.shape == (height, width)
        around += 1
    assert taken.max(initial=0) <= 1


def test_squares_fill_the_whole() -> None:
    skyline = Skyline(12, 8)
    assert sorted(skyline.place(4, 4) for _ in range(6)) == [(0, 0), (0, 4), (4, 0), (4, 4), (8, 0), (8, 4)]
    assert skyline.place(1, 1) is None


def test_a_low_place_is_left_for_what_fits_higher_up() -> None:
    skyline = Skyline(10, 10)
    assert skyline.place(6, 5) == (0, 0)
    assert skyline.place(4, 2) == (6, 0)
    assert skyline.place(4, 3) == (6, 2)
    assert skyline.place(10, 5) == (0, 5)
