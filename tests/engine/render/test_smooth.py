"""Smooth pictures are the mean of four pixels of one that is drawn at twice the size."""

from __future__ import annotations

import numpy as np
import pytest

from engine.atlas.volume import LatentVolume
from engine.geometry.charts import build_charts
from engine.gl.context import wait_for_gl
from engine.gl.time_sliced import split_into_bands
from engine.render.renderer import Renderer
from engine.render.smooth import MODES, SmoothDrawing
from scenes.camera import Camera
from scenes.extrude import extrude_scene
from scenes.load import load_scene

SIZE = (120, 72)
HERE = Camera.look_at((4.0, 2.2, 7.5), (4.0, 1.0, 2.0), fov=70)


@pytest.fixture
def renderer(ctx, tiny_scene) -> Renderer:
    scene = load_scene(tiny_scene)
    charts = build_charts(extrude_scene(scene), scene)
    return Renderer(ctx, charts, scene, LatentVolume(ctx, charts, channels=4))


def picture(ctx, size: tuple[int, int], draw) -> np.ndarray:
    target = ctx.framebuffer([ctx.texture(size, 4)], ctx.depth_renderbuffer(size))
    draw(target)
    wait_for_gl(ctx)
    return np.frombuffer(target.read(components=4), np.uint8).reshape(size[1], size[0], 4)


def smooth(renderer: Renderer, mode: str = "material", drawing: SmoothDrawing | None = None, **options) -> np.ndarray:
    def draw(target) -> None:
        chosen = drawing or SmoothDrawing(renderer.ctx)
        for _ in chosen.draw_slices(renderer, target, HERE, SIZE, mode, **options):
            pass

    return picture(renderer.ctx, SIZE, draw)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("top_first", [False, True])
def test_a_pixel_is_the_mean_of_four(renderer: Renderer, mode: str, top_first: bool) -> None:
    double = (2 * SIZE[0], 2 * SIZE[1])
    large = picture(renderer.ctx, double, lambda t: renderer.draw(t, HERE, double, mode, top_first=top_first))
    mean = large.reshape(SIZE[1], 2, SIZE[0], 2, 4).mean((1, 3))
    assert abs(smooth(renderer, mode, top_first=top_first) - mean).max() <= 1
    plain = picture(renderer.ctx, SIZE, lambda t: renderer.draw(t, HERE, SIZE, mode, top_first=top_first))
    assert abs(plain - mean).max() > 20  # its edges are jagged


def test_bands_change_nothing(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.gl.time_sliced.PIXELS_PER_SLICE", 1000)
    assert len(list(split_into_bands(SIZE))) > 3
    np.testing.assert_array_equal(smooth(renderer, split=split_into_bands), smooth(renderer))


def test_modes_whose_means_mean_nothing_are_drawn_as_they_are(renderer: Renderer) -> None:
    plain = picture(renderer.ctx, SIZE, lambda t: renderer.draw(t, HERE, SIZE, "depth"))
    np.testing.assert_array_equal(smooth(renderer, "depth"), plain)


def test_what_is_larger_than_the_drivers_textures_is_not_smooth(renderer: Renderer) -> None:
    drawing = SmoothDrawing(renderer.ctx)
    assert drawing.can_smooth(SIZE, "painted")
    assert not drawing.can_smooth((1 << 20, 8), "painted")
