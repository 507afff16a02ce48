"""Properties of the edits of masks: bounded, pure, each the inverse of another where there is one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.state.mask_shapes import FULL, clear, draw_lasso, draw_rectangle, draw_stroke, feather, invert

masks = arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40)))
points = st.tuples(st.floats(-20, 60), st.floats(-20, 60))
lines = st.lists(points, min_size=1, max_size=6)
radii = st.floats(0.5, 30)
shares = st.floats(0, 1)
edits = st.one_of(
    st.builds(lambda line, r, s, no: lambda m: draw_stroke(m, line, r, s, no), lines, radii, shares, st.booleans()),
    st.builds(lambda a, b, no: lambda m: draw_rectangle(m, a, b, no), points, points, st.booleans()),
    st.builds(lambda line, no: lambda m: draw_lasso(m, line, no), lines, st.booleans()),
    st.builds(lambda r: lambda m: feather(m, r), st.floats(0, 20)),
    st.sampled_from([invert, clear]),
)


@given(masks, edits)
def test_an_edit_makes_a_new_mask_of_the_same_kind(mask: np.ndarray, edit: Callable[[np.ndarray], np.ndarray]) -> None:
    before = mask.copy()
    after = edit(mask)
    assert after.shape == mask.shape and after.dtype == np.uint8
    assert (mask == before).all() and not np.shares_memory(after, mask)


@given(masks)
def test_inverting_twice_changes_nothing(mask: np.ndarray) -> None:
    assert (invert(invert(mask)) == mask).all()


@given(masks, lines, radii, shares)
def test_a_stroke_adds_or_removes_and_once_is_enough(mask: np.ndarray, line: list, radius: float, soft: float) -> None:
    more, less = draw_stroke(mask, line, radius, soft), draw_stroke(mask, line, radius, soft, remove=True)
    assert (more >= mask).all() and (less <= mask).all()
    assert (draw_stroke(more, line, radius, soft) == more).all()
    assert (invert(draw_stroke(invert(mask), line, radius, soft)) == less).all()


@given(lines, st.floats(2, 15), shares)
def test_a_stroke_reaches_as_far_as_its_radius(line: list, radius: float, soft: float) -> None:
    drawn = draw_stroke(np.zeros((40, 40), np.uint8), line, radius, soft)
    segments = zip(line, line[1:] or line, strict=False)
    away = np.min([_away(np.argwhere(drawn)[:, ::-1] + 0.5, *segment) for segment in segments], axis=0)
    assert (away <= radius + 0.51).all()
    for x, y in line:
        if 0 <= x < 40 and 0 <= y < 40:
            assert drawn[int(y), int(x)] >= FULL // 3


def _away(pixels: np.ndarray, a: tuple[float, float], b: tuple[float, float]) -> np.ndarray:
    """[N]: how far pixels [N,2] are from a line from a to b."""
    start, along = np.array(a), np.array(b) - np.array(a)
    t = np.clip((pixels - start) @ along / max(along @ along, 1e-9), 0, 1)
    return np.hypot(*(pixels - start - t[:, None] * along).T)


@given(masks, points, points)
def test_a_rectangle_is_the_pixels_between_its_corners(mask: np.ndarray, a: tuple, b: tuple) -> None:
    y, x = np.indices(mask.shape) + 0.5
    inside = (x >= min(a[0], b[0])) & (x < max(a[0], b[0])) & (y >= min(a[1], b[1])) & (y < max(a[1], b[1]))
    assert (draw_rectangle(mask, a, b) == np.where(inside, FULL, mask)).all()
    assert (draw_rectangle(mask, b, a, remove=True) == np.where(inside, 0, mask)).all()


@given(st.integers(0, 30), st.integers(0, 30), st.integers(2, 10), st.integers(2, 10))
def test_a_lasso_around_a_rectangle_is_one(left: int, top: int, wide: int, tall: int) -> None:
    nothing, right, bottom = np.zeros((40, 40), np.uint8), left + wide, top + tall
    lasso = draw_lasso(nothing, [(left, top), (right, top), (right, bottom), (left, bottom)])
    inner = draw_rectangle(nothing, (left + 1, top + 1), (right - 1, bottom - 1))
    outer = draw_rectangle(nothing, (left - 1, top - 1), (right + 1, bottom + 1))
    assert (inner <= lasso).all() and (lasso <= outer).all()


@given(masks, lines)
def test_a_lasso_goes_either_way_round(mask: np.ndarray, line: list) -> None:
    whole = [(round(x), round(y)) for x, y in line]
    forth, back = draw_lasso(mask, whole), draw_lasso(mask, whole[::-1])
    assert (forth == back).all()
    assert len(line) >= 3 or (forth == mask).all()


@given(masks, st.floats(0, 20))
def test_feathering_stays_between_the_extremes(mask: np.ndarray, radius: float) -> None:
    soft = feather(mask, radius)
    assert mask.min() <= soft.min() and soft.max() <= mask.max()
    assert (feather(mask, 0) == mask).all()
    flat = np.full_like(mask, 137)
    assert (feather(flat, radius) == flat).all()


def test_feathering_makes_an_edge_soft_and_keeps_its_place() -> None:
    mask = draw_rectangle(np.zeros((64, 64), np.uint8), (0, 0), (32, 64))
    soft = feather(mask, 4)[32].astype(int)
    assert (np.diff(soft) <= 0).all() and abs(soft[31] + soft[32] - FULL) < 8 and 20 < soft[36] < 80
