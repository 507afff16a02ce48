"""The U-Net's picture: its maps in the colours of heat, what is before hides what is behind, what flows lies over what stands still."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.gl.shaders import get_program
from engine.gl.targets import read_texture
from engine.unet_view.drawing import UnetDrawing, UnetView
from engine.unet_view.geometry import Tints
from engine.unet_view.layout import lay_out
from engine.unet_view.orbit import Orbit, project_points
from engine.unet_view.still import render_still
from tests.engine.unet_view.network import network

SIZE = 480, 320


@pytest.fixture(scope="module")
def anatomy():
    return lay_out(network())


@pytest.fixture
def drawing(ctx):
    _ = ctx.error  # of tests before this one
    drawing = UnetDrawing(ctx)
    yield drawing
    drawing.release()
    assert ctx.error == "GL_NO_ERROR"


def view(anatomy, orbit: Orbit = Orbit(), **changes) -> UnetView:  # noqa: B008
    return replace(UnetView(orbit.camera(anatomy, SIZE), SIZE), **changes)


def shown(drawing, anatomy, seen: UnetView, now: float | None = None) -> np.ndarray:
    """int [H,W,3]."""
    return read_texture(drawing.ctx, drawing.draw(anatomy, seen, now))[..., :3].astype(int)


def heat(t: float) -> np.ndarray:
    """common/heat.glsl in numpy, 0..255."""
    rows = [(0.256, 0.004, 0.342), (1.068, 1.511, 0.967), (-7.199, -1.406, 0.108), (11.210, 1.766, -3.388)]
    rows.append((-4.330, -0.970, 2.092))
    return 255 * sum(np.array(row) * t**k for k, row in enumerate(rows)).clip(0, 1)


def test_the_front_shows_how_much_goes_on_where(drawing, anatomy) -> None:
    """Straight from the front, every texel of the largest map is where it belongs, row 0 at the top."""
    seen = view(anatomy, Orbit(0, 0))
    picture = shown(drawing, anatomy, seen)
    slab, strength = anatomy.slabs[5], anatomy.blocks[5].strength
    height, width = strength.shape
    found = 0
    for row in range(height):
        for column in range(width):
            point = slab.point(2 * (column + 0.5) / width - 1, 1 - 2 * (row + 0.5) / height, 1)
            x, y, _ = project_points(seen.camera, SIZE, point[None])[0]
            found += np.abs(picture[int(y), int(x)] - heat(strength[row, column] / 255)).max() < 12
    assert found >= 0.9 * strength.size  # the words' dot lies over some


def test_hiding_first_changes_nothing_but_the_time(drawing, anatomy, monkeypatch) -> None:
    seen = [view(anatomy, orbit) for orbit in (Orbit(), Orbit(150, 30))]
    quick = [shown(drawing, anatomy, one) for one in seen]
    whole = drawing._instances

    def without(shader, kind, rows) -> None:
        if shader is not get_program(drawing.ctx, "unet_view/map_instances", "unet_view/depth_only"):
            whole(shader, kind, rows)

    monkeypatch.setattr(drawing, "_instances", without)
    for before, one in zip(quick, seen, strict=True):
        assert np.abs(before - shown(drawing, anatomy, replace(one, scale=1.0 + 1e-9))).max() <= 1


def test_what_flows_lies_over_the_still_picture(drawing, anatomy) -> None:
    seen = view(anatomy)
    still_picture = shown(drawing, anatomy, seen)
    first, second = shown(drawing, anatomy, seen, 0.2), shown(drawing, anatomy, seen, 0.21)
    for picture in (first, second):
        changed = np.abs(picture - still_picture).max(axis=2) > 8
        assert 0.001 < changed.mean() < 0.1
    assert (first != second).any()
    assert np.array_equal(shown(drawing, anatomy, seen), still_picture)
    assert np.array_equal(shown(drawing, anatomy, seen, 0.2), first)


def test_only_what_changed_is_drawn_anew(drawing, anatomy, monkeypatch) -> None:
    drawn: list[str] = []
    for name in ("_draw_behind", "_draw_still", "_draw_live"):
        own = getattr(drawing, name)
        monkeypatch.setattr(drawing, name, lambda *a, own=own, name=name: (drawn.append(name), own(*a)))
    seen = view(anatomy)

    def draws(*what) -> list[str]:
        drawn.clear()
        drawing.draw(*what)
        return list(drawn)

    assert draws(anatomy, seen, 0.1) == ["_draw_behind", "_draw_still", "_draw_live"]
    assert draws(anatomy, view(anatomy), 0.1) == [] and draws(anatomy, seen) == []
    assert draws(anatomy, seen, 0.2) == ["_draw_live"]
    assert draws(anatomy, view(anatomy, marks=((2, 1.0),)), 0.2) == ["_draw_still", "_draw_live"]
    assert draws(lay_out(network()), seen) == ["_draw_still"]
    assert draws(anatomy, view(anatomy, tints=Tints(ground=(1.0, 1.0, 1.0)))) == ["_draw_behind", "_draw_still"]


def test_another_look_and_another_size_and_nothing_at_all(drawing, anatomy) -> None:
    seen = view(anatomy)
    before = shown(drawing, anatomy, seen, 0.4)
    other = lay_out(network()[::-1])
    assert (shown(drawing, other, seen, 0.4) != before).any()
    small = replace(seen, size=(120, 90))
    assert drawing.draw(anatomy, small, 0.4).size == (120, 90)
    drawing.release()
    assert np.array_equal(shown(drawing, anatomy, seen, 0.4), before)


def test_inside_and_behind_everything_nothing_breaks(drawing, anatomy) -> None:
    for orbit in (Orbit(zoom=0.15), Orbit(90, 0, 0.15), Orbit(-26, 80, 2.5), Orbit(zoom=0.15, shift=(3.0, 1.0, 2.0))):
        assert shown(drawing, anatomy, view(anatomy, orbit), 0.5).shape == (320, 480, 3)


def test_a_file_has_the_names_in_it(anatomy) -> None:
    picture = render_still(anatomy.blocks, (640, 480))
    assert picture.size == (640, 480)
    pixels = np.asarray(picture).astype(int)
    grey = np.abs(pixels - 255 * np.array(Tints().flow)).max(axis=2) < 12
    assert grey.sum() > 300 and len(np.unique(pixels.reshape(-1, 3), axis=0)) > 2000
