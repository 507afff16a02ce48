"""The canvas of a view: pixel by pixel, with a margin, within memory; and when a camera has left it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.loop.view_framing import MAX_PIXELS, border_width, canvas_size, has_left, limit_canvas, widen_camera
from engine.atlas import policy
from scenes.camera import Camera
from tests.app.loop.views import HERE


@given(st.integers(64, 4000), st.integers(64, 4000), st.integers(1, 600), st.sampled_from([8, 16, 64]), st.floats(0, 1))
def test_a_canvas_shows_the_view_pixel_by_pixel_and_more(width, height, tall, multiple, around) -> None:
    w, h = canvas = canvas_size((width, height), tall, multiple, around)
    assert w % multiple == h % multiple == 0
    rim = 2 * policy.MARGIN
    assert (w - rim) / (h - rim) >= width / height - 1e-9
    assert h - rim >= tall * (1 + around) - 1e-6 and h - rim - multiple < tall * (1 + around)
    wide = widen_camera(HERE, tall, h)
    assert wide.focal(canvas) == pytest.approx(HERE.focal((1, tall)))
    columns, rows = border_width((width, height), tall, canvas)
    assert 0 <= h - 16 * rows - tall < 16 and 0 <= w - 16 * columns - tall * width / height < 16


@given(st.floats(0.25, 4), st.integers(1, 2048), st.floats(0, 1))
def test_no_canvas_is_larger_than_memory_allows(aspect, tall, around) -> None:
    """A view 2048 pixels high and as much around it was one of 30 million: 15 GB."""
    view = round(1000 * aspect), 1000
    asked = math.prod(canvas_size(view, tall, 8, around))
    height, beyond = limit_canvas(view, tall, around)
    assert math.prod(canvas_size(view, height, 8, beyond)) <= 1.1 * MAX_PIXELS
    assert (height, beyond) == (tall, around) or asked > 0.9 * MAX_PIXELS
    assert height == tall or (height < tall and beyond < 1 / height)


def test_left_behind_when_turned_or_moved_too_far() -> None:
    turned = Camera.from_angles(HERE.position, HERE.yaw + 30, HERE.pitch)
    moved = HERE.with_changes(position=(4.0, 2.2, 3.5))
    assert not has_left(HERE, HERE, 25, 3)
    assert has_left(HERE, turned, 25, 3)
    assert not has_left(HERE, turned, 35, 3)
    assert has_left(HERE, moved, 25, 3)
    assert not has_left(HERE, moved, 25, 5)
